// Command gatehouse is the operations console and standalone gateway of a large
// Discord bot.
//
// It wires the engine, the transports and the console together, and owns what
// belongs to a process: arguments, environment, signals, terminal and exit
// code. Each file holds one subcommand or one of those concerns.
package main

import (
	"context"
	"io"
	"os"
)

func main() {
	ctx, stop := watchSignals(os.Stderr, os.Exit)
	code := run(ctx, os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// app is the process as its subcommands see it.
type app struct {
	env            []string
	stdin          io.Reader
	stdout, stderr io.Writer
	dir            string // working directory; empty for the process's
}

// run is the whole program: it returns the exit code. The end of ctx asks for
// an orderly stop.
func run(ctx context.Context, args, env []string, stdin io.Reader, stdout, stderr io.Writer) int {
	a := &app{env: env, stdin: stdin, stdout: stdout, stderr: stderr}
	return a.execute(ctx, args)
}
