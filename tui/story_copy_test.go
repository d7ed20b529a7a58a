package tui

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/tui/internal/opfake"
)

func TestTheRowUnderTheCursorIsCopied(t *testing.T) {
	for keys, want := range map[string]string{
		"1":       "shard 0: ready for 3h12m, latency 70ms, 13 events/s, 1.3k guilds, 0 connections lost, 0 resumes, 1 identifies, worker 0",
		"2 home":  "shard 7: failed for 1m35s, 0 events/s, 0 guilds",
		"3":       "sink audit: retrying, 4.2k queued, lag 3m03s",
		"6":       "worker 0: shards 0-24, ",
		"7":       "budget",
		"8":       "shard 0 session resumed replayed=231",
		"9 down":  "rolling restart of all shards, failed: shard 12 did not come back",
		"4":       "MESSAGE_CREATE",
		"5":       "reshard",
		"C":       "heartbeat p99",
		"1 enter": "shard 0: ready",
	} {
		drive(t, full(32), func(d *driver) {
			d.press(strings.Fields(keys)...)
			d.press("y")
			d.sees("copied: ", "set-clipboard")
			if !strings.Contains(d.m.copied, want) || strings.Contains(d.m.copied, "\x1b") {
				t.Errorf("%s: copied %q, want %q", keys, d.m.copied, want)
			}
			d.press("Y")
			d.sees("copied as JSON")
			if !strings.HasPrefix(d.m.copied, "{") {
				t.Errorf("%s: copied %.60q", keys, d.m.copied)
			}
		})
	}
}

// Who answers a question that was not asked, because the action is not possible, must
// read why.
func TestTheAnswerToAQuestionThatWasNotAskedCopiesNothing(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.press("A", "y")
		d.sees("the breaker is closed")
		if d.m.copied != "" {
			t.Errorf("copied %q", d.m.copied)
		}
		d.pass(3 * time.Second)
		d.press("y")
		d.sees("copied: shard 0")
	})
}

func TestADeadLetterIsCopied(t *testing.T) {
	drive(t, at(opfake.SceneLetters), func(d *driver) {
		d.press("d", "y")
		if !strings.Contains(d.m.copied, "5f1c-55-4011") {
			t.Errorf("copied %q", d.m.copied)
		}
	})
}

func TestTheScreenAndTheStateAreSaved(t *testing.T) {
	s := full(32)
	var text, state string
	fail := false
	s.options = func(o *Options) {
		o.Save = func(_ time.Time, a, b []byte) (string, error) {
			if fail {
				return "", errors.New("mkdir /var/lib/gatehouse: permission denied")
			}
			text, state = string(a), string(b)
			return "/var/lib/gatehouse/snapshots/now.txt and .json", nil
		}
	}
	drive(t, s, func(d *driver) {
		d.press("2", "ctrl+s")
		d.sees("saved: /var/lib/gatehouse/snapshots/now.txt and .json")
		if !strings.Contains(text, "worst first") || strings.Contains(text, "\x1b") || strings.Count(text, "\n") != 40 || !strings.Contains(state, `"Alerts"`) {
			t.Errorf("%s\n%.200s", text, state)
		}
		fail = true
		d.press("ctrl+s")
		d.sees("not saved: mkdir /var/lib/gatehouse: permission denied")
	})
	drive(t, full(32), func(d *driver) {
		d.press("ctrl+s")
		d.sees("this console has no folder to write to")
	})
}
