package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// sameSignal is how close a second signal is taken for the first: timeout(1) and
// some supervisors signal both a process and its group.
const sameSignal = 300 * time.Millisecond

// watchSignals returns a context that the first SIGINT or SIGTERM ends. The
// second one gives up waiting and exits at once. The returned function stops
// watching.
//
// SIGHUP is passed on, and SIGPIPE is taken and ignored: a lost terminal or log
// reader must not stop the shards.
func watchSignals(stderr io.Writer, exit func(int)) (ctx context.Context, hangups <-chan struct{}, stop func()) {
	hangup := make(chan struct{}, 1)
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		handleSignals(signals, done, hangup, cancel, stderr, exit)
	}()
	return ctx, hangup, func() {
		signal.Stop(signals)
		close(done)
		<-finished
		cancel()
	}
}

// handleSignals acts on signals until done is closed. SIGHUP puts a value into
// hangup, which holds one.
func handleSignals(signals <-chan os.Signal, done <-chan struct{}, hangup chan<- struct{}, cancel func(), stderr io.Writer, exit func(int)) {
	var stopping time.Time
	for {
		select {
		case <-done:
			return
		case s := <-signals:
			switch {
			case s == syscall.SIGHUP:
				select {
				case hangup <- struct{}{}:
				default:
				}
			case s != os.Interrupt && s != syscall.SIGTERM:
			case !stopping.IsZero() && time.Since(stopping) < sameSignal:
			case !stopping.IsZero():
				sayLastWords(stderr)
				exit(exitFailed)
			default:
				stopping = time.Now()
				cancel()
			}
		}
	}
}

// sayLastWords waits for nobody who does not read: what hangs may be stderr.
func sayLastWords(stderr io.Writer) {
	said := make(chan struct{})
	go func() {
		defer close(said)
		fmt.Fprintln(stderr, "gatehouse: second signal: exit without an orderly stop")
	}()
	timer := time.NewTimer(patientEnd)
	defer timer.Stop()
	select {
	case <-said:
	case <-timer.C:
	}
}
