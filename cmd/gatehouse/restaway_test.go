package main

import (
	"errors"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/gatehouse-gateway/gatehouse/engine/discovery"
	saved "github.com/gatehouse-gateway/gatehouse/engine/session"
)

// Killed, and started again while Discord's REST API is in trouble: the
// sessions are resumed by what the last run has left, and no identify is spent.
func TestSessionsAreResumedWhileDiscordsAPIIsAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.program(t, "run", "--no-tui")
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "events at the bot", func() bool { return w.connected() && w.bot.Stats().Events > 50 })
	dir := filepath.Join(w.state, "gatehouse")
	eventually(t, "both sessions and the gateway on disk", func() bool {
		kept, err := saved.NewFile(dir).Load()
		told, bad := discovery.NewFile(dir).LoadGateway()
		return errors.Join(err, bad) == nil && kept != nil && len(kept.Sessions) == 2 && told != nil
	})
	first.Process.Kill()
	first.Wait()
	identifies := w.server.Stats().Identifies

	second := w.program(t, "run", "--no-tui")
	w.server.RESTFault(1000, 502)
	var stderr buffer
	second.Stderr = &stderr
	if err := second.Start(); err != nil {
		t.Fatal(err)
	}
	seen := w.bot.Stats().Events
	eventually(t, "life after the kill", func() bool { return w.connected() && w.bot.Stats().Events > seen+50 })
	if got := w.ctl(t, "identify"); !strings.HasPrefix(got.stdout, "budget       Discord has not told yet\n") {
		t.Errorf("identify: %+v", got)
	}
	second.Process.Signal(syscall.SIGTERM)
	if code := exitOf(t, second); code != exitDone {
		t.Errorf("exit code %d:\n%s", code, stderr.String())
	}
	if s := w.server.Stats(); s.Identifies != identifies || len(s.Violations) > 0 {
		t.Errorf("%d identifies, %d before the kill; rules broken: %v\n%s", s.Identifies, identifies, s.Violations, stderr.String())
	}
}
