// Package tui is the operations console: one Bubble Tea program over an
// [ops.Operator], the same in the engine's process and attached to another one.
//
// The console pulls. A task asks the operator for a snapshot at the refresh
// rate, with a deadline; updating and drawing never wait for anything. The
// finished frame is kept and handed out again until something it shows has
// changed, because Bubble Tea asks for it after every message.
//
// [Run] owns every goroutine it starts and waits for them before it returns.
// Nothing else here may be called concurrently. The drawing below (frame,
// screen, dialog, style) is pure and knows no Bubble Tea.
package tui
