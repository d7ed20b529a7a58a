// Package frame holds the console's drawing primitives: text that fits, figures
// for people, boxes, curves and the shard grid.
//
// Everything is a pure function of its arguments and safe for concurrent use.
// Widths and heights are in cells. Whatever comes from outside goes through
// [Clean] before it is drawn, so that no log line can steer the terminal.
package frame
