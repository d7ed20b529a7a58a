package main

import (
	"bytes"
	"io"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestTheFirstSignalStopsTheSecondExits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		signals, done, hangup := make(chan os.Signal), make(chan struct{}), make(chan struct{}, 1)
		var stderr bytes.Buffer
		stops, exits := 0, []int{}
		go handleSignals(signals, done, hangup, func() { stops++ }, &stderr, func(code int) { exits = append(exits, code) })

		signals <- syscall.SIGHUP
		signals <- syscall.SIGHUP // nobody has taken the first
		signals <- syscall.SIGPIPE
		synctest.Wait()
		if stops != 0 || len(exits) != 0 {
			t.Fatal("a lost terminal stops the program")
		}
		if len(hangup) != 1 {
			t.Error("nobody is told of SIGHUP")
		}
		signals <- syscall.SIGTERM
		synctest.Wait()
		if stops != 1 || len(exits) != 0 {
			t.Fatalf("after SIGTERM: %d stops, exits %v", stops, exits)
		}
		signals <- syscall.SIGTERM // timeout(1) signals the process and its group
		synctest.Wait()
		if len(exits) != 0 {
			t.Fatal("the same signal twice ends the stop")
		}
		<-time.After(time.Second)
		signals <- os.Interrupt
		synctest.Wait()
		if len(exits) != 1 || exits[0] != exitFailed || stderr.Len() == 0 {
			t.Errorf("after the second signal: exits %v, said %q", exits, stderr.String())
		}
		close(done)
	})
}

func TestTheSecondSignalExitsThoughNobodyReadsStderr(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		signals, done := make(chan os.Signal), make(chan struct{})
		defer close(done)
		reader, stderr := io.Pipe()
		defer reader.Close()
		exits := make(chan int, 1)
		go handleSignals(signals, done, nil, func() {}, stderr, func(code int) { exits <- code })
		signals <- syscall.SIGTERM
		<-time.After(time.Second)
		signals <- syscall.SIGTERM
		select {
		case <-exits:
		case <-time.After(time.Minute):
			t.Error("it hangs")
		}
	})
}
