// Command gatehouse is the operations console and standalone gateway of a large
// Discord bot.
//
// It wires the engine, the transports and the console together, and owns what
// belongs to a process: arguments, environment, signals, terminal and exit
// code. Each file holds one subcommand or one of those concerns.
package main

import (
	"io"
	"os"
)

func main() {
	ctx, hangups, stop := watchSignals(os.Stderr, os.Exit)
	a := &app{env: os.Environ(), stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, hangups: hangups}
	code := a.execute(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

// app is the process as its subcommands see it.
type app struct {
	env            []string
	stdin          io.Reader
	stdout, stderr io.Writer
	dir            string          // working directory; empty for the process's
	hangups        <-chan struct{} // a value for SIGHUP; nil for none
}
