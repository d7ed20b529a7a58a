package delivery

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

// FuzzLetter holds that a letter is one line that comes back, whatever the bot
// said.
func FuzzLetter(f *testing.F) {
	f.Add("the bot answered 422: no", int64(0))
	f.Add("\n\x00\xff\u2028\"", int64(1<<40))
	f.Fuzz(func(t *testing.T, reason string, at int64) {
		ev, when := numbered(1), time.Unix(at%(1<<35), 5)
		line, err := appendLetter([]byte("before\n"), when, &ev, reason)
		if err != nil {
			t.Fatal(err)
		}
		line = line[len("before\n"):]
		if strings.Count(string(line), "\n") != 1 || line[len(line)-1] != '\n' {
			t.Fatalf("%q", line)
		}
		l, got, err := parseLetter(line)
		if err != nil || got.ID != ev.ID || string(got.Data) != string(ev.Data) || !l.At.Equal(when) {
			t.Fatalf("%q: %+v, %+v, %v", line, l, got, err)
		}
		if l.Reason != strings.ToValidUTF8(reason, "\ufffd") && !strings.ContainsRune(l.Reason, '\ufffd') {
			t.Fatalf("%q became %q", reason, l.Reason)
		}
	})
}

func BenchmarkCountAFullFile(b *testing.B) {
	dir := b.TempDir()
	ev := numbered(1)
	ev.Data = fmt.Appendf(nil, `{"t":"MESSAGE_CREATE","s":1,"op":0,"d":{"content":%q}}`, strings.Repeat("x", 1000))
	line, err := appendLetter(nil, noon, &ev, "the bot answered 422: no")
	if err != nil {
		b.Fatal(err)
	}
	text := strings.Repeat(string(line), maxLetterBytes/len(line))
	if err := os.WriteFile(filepath.Join(dir, "bot.ndjson"), []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if n, _ := NewDeadLetterFiles(dir, clock.System()).Count("bot"); n == 0 {
			b.Fatal("no letters")
		}
	}
}

func BenchmarkCount(b *testing.B) {
	f := NewDeadLetterFiles(b.TempDir(), clock.System())
	if _, err := f.Bury("bot", []event.Event{numbered(1)}, "no"); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		f.Count("bot")
	}
}

func BenchmarkBury(b *testing.B) {
	f := NewDeadLetterFiles(b.TempDir(), clock.System())
	events := []event.Event{numbered(1)}
	for b.Loop() {
		if _, err := f.Bury("bot", events, "no"); err != nil {
			b.Fatal(err)
		}
	}
}
