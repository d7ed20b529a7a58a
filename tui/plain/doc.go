// Package plain is the console for screen readers and for terminals that cannot
// draw: one sentence for each change, and commands by the line.
//
// [Run] looks at the operator every two seconds, so that a storm is told as a sum.
// It owns the goroutine that reads the input, but cannot end it while the input
// gives nothing: it is left behind when Run returns, as the input is its caller's.
// The [Teller] is pure.
package plain
