// Command screenshot runs a program in a pseudo-terminal, waits, presses keys,
// and writes what its screen shows as SVG.
//
//	go build -o /tmp/gatehouse ./cmd/gatehouse
//	go run ./.docs/screenshot -size 120x40 -wait 8s -keys "2 down enter" -o .docs/dashboard.svg -- /tmp/gatehouse demo
//
// The program sees a terminal with true colour, UTF-8 and a dark background,
// and of our environment only PATH, HOME and TMPDIR, so that a picture does not
// depend on who takes it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"
)

// options are the command line.
type options struct {
	size    string
	wait    time.Duration
	keys    string
	between time.Duration
	settle  time.Duration
	title   string
	output  string
	text    string
	command []string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:])
	stop()
	if errors.Is(err, flag.ErrHelp) {
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "screenshot: "+err.Error())
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	width, height, err := parseSize(o.size)
	if err != nil {
		return err
	}
	presses, err := parseKeys(o.keys)
	if err != nil {
		return err
	}
	screen, err := shoot(ctx, o, width, height, presses)
	if err != nil {
		return err
	}
	if o.text != "" {
		if err := os.WriteFile(o.text, []byte(screen.text()), 0o644); err != nil {
			return err
		}
	}
	return os.WriteFile(o.output, drawSVG(screen, o.title), 0o644)
}

func parse(args []string) (*options, error) {
	o := &options{}
	f := flag.NewFlagSet("screenshot", flag.ContinueOnError)
	f.StringVar(&o.size, "size", "120x40", "columns x rows")
	f.DurationVar(&o.wait, "wait", 5*time.Second, "before the keys")
	f.StringVar(&o.keys, "keys", "", "keys to press, separated by spaces: "+keyHelp)
	f.DurationVar(&o.between, "between", 150*time.Millisecond, "keys")
	f.DurationVar(&o.settle, "settle", time.Second, "after the last key")
	f.StringVar(&o.title, "title", "gatehouse", "of the window")
	f.StringVar(&o.output, "o", "screenshot.svg", "the picture")
	f.StringVar(&o.text, "text", "", "also write the screen as text to this file")
	f.Usage = func() {
		fmt.Fprintln(f.Output(), "usage: screenshot [flags] -- command [arguments]")
		f.PrintDefaults()
	}
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if o.command = f.Args(); len(o.command) == 0 {
		f.Usage()
		return nil, errors.New("no command to run")
	}
	return o, nil
}

// parseSize reads "120x40". The bounds keep a typing mistake from filling memory.
func parseSize(s string) (width, height int, err error) {
	if _, err := fmt.Sscanf(s, "%dx%d", &width, &height); err != nil || width < 1 || width > 500 || height < 1 || height > 200 {
		return 0, 0, fmt.Errorf("-size: %q is not columns x rows, at most 500x200", s)
	}
	return width, height, nil
}

// shoot runs the command and returns its screen after the wait and the keys.
func shoot(ctx context.Context, o *options, width, height int, presses []press) (*picture, error) {
	t, err := start(o.command, width, height)
	if err != nil {
		return nil, err
	}
	defer t.stop()
	if err := t.pass(ctx, o.wait); err != nil {
		return nil, err
	}
	for _, p := range presses {
		if _, err := io.WriteString(t.pty, p.bytes); err != nil {
			return nil, fmt.Errorf("pressing a key: %w", err)
		}
		if err := t.pass(ctx, max(p.pause, o.between)); err != nil {
			return nil, err
		}
	}
	if len(presses) > 0 {
		if err := t.pass(ctx, o.settle); err != nil {
			return nil, err
		}
	}
	screen := t.picture(ctx)
	if strings.TrimSpace(screen.text()) == "" {
		return nil, errors.New("the screen is empty: wait longer")
	}
	return screen, nil
}
