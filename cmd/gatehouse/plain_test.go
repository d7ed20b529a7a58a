package main

import (
	"strings"
	"testing"
)

// What somebody hears who cannot see: the demo from its start to its end.
func TestThePlainDemoTellsInSentences(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	got := gatehouse(t, []string{"HOME=" + home, "XDG_CONFIG_HOME=" + home}, "demo", "--plain", "--shards", "4", "--guilds", "40", "--rate", "50", "--duration", "8s")
	for _, want := range []string{"told in sentences", "The engine is running.", "The bot has 4 shards now"} {
		if got.code != exitDone || !strings.Contains(got.stdout, want) {
			t.Errorf("exit code %d, no %q in\n%s%s", got.code, want, got.stdout, got.stderr)
		}
	}
	if strings.Contains(got.stdout, "\x1b") {
		t.Errorf("there is an escape sequence in %q", got.stdout)
	}
	if got := gatehouse(t, nil, "demo", "--plain", "--no-tui"); got.code != exitUsage || !strings.Contains(got.stderr, "--plain and --no-tui") {
		t.Errorf("%+v", got)
	}
}
