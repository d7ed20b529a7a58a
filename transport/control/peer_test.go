package control

import (
	"os/user"
	"runtime"
	"strings"
	"testing"
)

// Whoever does not say who they are is named by the system.
func TestAnActionOfNobodyIsThatOfTheUserAtTheSocket(t *testing.T) {
	e := &engine{}
	h := open(t, e)
	want := "control socket"
	if u, err := user.Current(); err == nil && runtime.GOOS == "linux" {
		want = u.Username + " (control socket)"
	}
	for _, body := range []string{`{"action":"stop","shards":[1]}`, `{"action":"stop","shards":[1],"by":"ann (ctl)"}`} {
		if status, answer := h.raw(t, "POST", "/v1/actions", strings.NewReader(body)); status != 202 {
			t.Fatalf("%d %s", status, answer)
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.commands) != 2 || e.commands[0].By != want || e.commands[1].By != "ann (ctl)" {
		t.Errorf("asked %+v, want by %s", e.commands, want)
	}
}
