package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// stuck is a terminal that can be stopped.
type stuck struct {
	gate chan struct{} // closed to let it go
	got  bytes.Buffer
}

func (s *stuck) Write(p []byte) (int, error) {
	<-s.gate
	return s.got.Write(p)
}

func TestALogThatNobodyReadsHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stuck{gate: make(chan struct{})}
		p := newPatientWriter(s)
		line := strings.Repeat("x", 1023) + "\n"
		began := time.Now()
		for range 2 * patientBytes / len(line) {
			fmt.Fprint(p, line)
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("logging waited %v", took)
		}
		close(s.gate)
		synctest.Wait()
		fmt.Fprintln(p, "later")
		p.Close()
		text := s.got.String()
		if !strings.Contains(text, "log lines are missing here") || !strings.HasSuffix(text, "later\n") {
			t.Errorf("the reader gets %d bytes that end in %q", len(text), text[max(0, len(text)-200):])
		}
		if n := strings.Count(text, line); n < patientBytes/len(line) {
			t.Errorf("%d lines kept", n)
		}
	})
}

func TestTheEndDoesNotWaitForAReaderForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stuck{gate: make(chan struct{})}
		p := newPatientWriter(s)
		fmt.Fprintln(p, "line")
		began := time.Now()
		p.Close()
		if took := time.Since(began); took != patientEnd {
			t.Errorf("the end took %v", took)
		}
		close(s.gate)
	})
}
