package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
)

// The story of every demo, told four times as fast: a reconnect, a dead socket
// and a bot that is restarted, with chaos on top, and nothing is lost.
func TestADemoWithoutTheConsoleLosesNothing(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	report := filepath.Join(t.TempDir(), "report.json")
	got := gatehouse(t, []string{"HOME=" + home, "XDG_CONFIG_HOME=" + home, "GATEHOUSE_NONSENSE=1"},
		"demo", "--no-tui", "--chaos", "--shards", "4", "--guilds", "60", "--rate", "200", "--duration", "3s", "--report", report, "--log-level", "error")
	if got.code != exitDone || !strings.Contains(got.stdout, "\nok: nothing lost") {
		t.Fatalf("exit %d\n%s%s", got.code, got.stdout, got.stderr)
	}
	data, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	var result demoResult
	if err := json.Unmarshal(data, &result); err != nil {
		t.Fatal(err)
	}
	// What need not come, since rules keep most of it away, may come.
	if a := result.Audit; !result.OK || a.Received < 200 || a.Received < a.Expected || a.Received > a.Expected+a.Optional {
		t.Errorf("the report says %+v", result)
	}
	if result.Faults["bot restarted"] == 0 || total(result.Faults) < 2 {
		t.Errorf("hardly anything went wrong: %v", result.Faults)
	}
	if entries, _ := os.ReadDir(home); len(entries) != 0 {
		t.Errorf("the demo has touched the user's folders: %v", entries)
	}
}

// The headless demo reshards while its faults go on, and proves that it did.
func TestADemoThatReshardsLosesNothing(t *testing.T) {
	t.Parallel()
	report := filepath.Join(t.TempDir(), "report.json")
	got := gatehouse(t, nil, "demo", "--no-tui", "--shards", "2", "--guilds", "60", "--rate", "200", "--reshard-at", "4500ms", "--reshard-to", "5",
		"--duration", "30s", "--report", report, "--log-level", "error")
	if got.code != exitDone || !strings.Contains(got.stdout, "\n  resharded: 2 to 5 shards in ") || !strings.Contains(got.stdout, "\nok: nothing lost") {
		t.Fatalf("exit %d\n%s%s", got.code, got.stdout, got.stderr)
	}
	data, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	var result struct{ Reshard *demoReshard }
	if err := json.Unmarshal(data, &result); err != nil {
		t.Fatal(err)
	}
	if r := result.Reshard; r == nil || r.To != 5 || r.Problem != "" || r.Both == 0 {
		t.Errorf("the report says %+v", r)
	}
}

func TestADemoWhoseReshardDoesNotComeToItsEndFails(t *testing.T) {
	t.Parallel()
	got := gatehouse(t, nil, "demo", "--no-tui", "--shards", "2", "--guilds", "20", "--rate", "100", "--reshard-at", "500ms", "--duration", "3s", "--log-level", "error")
	if got.code != exitFailed || !strings.Contains(got.stdout, "\nFAILED: reshard to 4 shards: the demo ended before it was done\n") {
		t.Errorf("exit %d\n%s%s", got.code, got.stdout, got.stderr)
	}
}

func TestADemoInEveryCompression(t *testing.T) {
	t.Parallel()
	for _, compress := range []string{"zlib-stream", "zstd-stream", "payload", "none"} {
		t.Run(compress, func(t *testing.T) {
			t.Parallel()
			got := gatehouse(t, nil, "demo", "--no-tui", "--compress", compress, "--shards", "2", "--guilds", "20", "--rate", "200", "--duration", "1s", "--log-level", "error")
			if got.code != exitDone || !strings.Contains(got.stdout, "\nok: nothing lost") {
				t.Errorf("exit %d\n%s%s", got.code, got.stdout, got.stderr)
			}
		})
	}
}

// Asked to stop before it has begun, it still says how it went: nothing came, or
// what came was drained and audited.
func TestADemoStopsWhenAsked(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, log strings.Builder
	began := time.Now()
	code := run(ctx, []string{"demo", "--no-tui", "--shards", "1", "--guilds", "1"}, nil, strings.NewReader(""), &out, &log)
	if took := time.Since(began); took > stopWithin {
		t.Errorf("it took %s", took)
	}
	nothing := code == exitFailed && strings.Contains(out.String(), "FAILED: the bot received nothing")
	drained := code == exitDone && strings.Contains(out.String(), "\nok: nothing lost")
	if !nothing && !drained {
		t.Errorf("exit code %d:\n%s%s", code, out.String(), log.String())
	}
}

func TestTheVerdictFailsOnEveryBrokenPromise(t *testing.T) {
	good := discordtest.Report{Received: 10, Expected: 10}
	for name, spoil := range map[string]func(*discordtest.Report){
		"events lost":                    func(r *discordtest.Report) { r.Lost = 1 },
		"still on their way":             func(r *discordtest.Report) { r.Pending = 1 },
		"under another id":               func(r *discordtest.Report) { r.RepeatedOtherID = 1 },
		"out of order":                   func(r *discordtest.Report) { r.OutOfOrderShard = 1 },
		"does not hold their guild":      func(r *discordtest.Report) { r.Misrouted = 1 },
		"Discord never sent":             func(r *discordtest.Report) { r.Unknown = 1 },
		"identify_too_fast ×2":           func(r *discordtest.Report) { r.Violations = map[string]uint64{"identify_too_fast": 2} },
		"closed by its client with 1000": func(r *discordtest.Report) { r.Forfeited = map[string]uint64{"closed by its client with 1000": 3} },
		"the bot received nothing":       func(r *discordtest.Report) { r.Received = 0 },
	} {
		result := demoResult{Audit: good}
		spoil(&result.Audit)
		result.judge()
		if result.OK || len(result.Problems) != 1 || !strings.Contains(result.Problems[0], name) {
			t.Errorf("%s: ok %v, problems %q", name, result.OK, result.Problems)
		}
	}
	unfinished := demoResult{Audit: good, Reshard: &demoReshard{To: 64, Problem: "refused"}}
	if unfinished.judge(); unfinished.OK || unfinished.Problems[0] != "reshard to 64 shards: refused" {
		t.Errorf("a reshard that failed: ok %v, problems %q", unfinished.OK, unfinished.Problems)
	}
	perGuild := demoResult{Audit: good}
	perGuild.Audit.GuildOrder, perGuild.Audit.OutOfOrderShard = true, 3
	if perGuild.judge(); !perGuild.OK {
		t.Errorf("over a reshard the order holds in each guild, and it fails: %q", perGuild.Problems)
	}
	allowed := demoResult{Audit: good}
	allowed.Audit.Repeated = 5
	allowed.Audit.Forfeited = map[string]uint64{"invalidated by Discord": 3}
	if allowed.judge(); !allowed.OK {
		t.Errorf("what is allowed fails: %q", allowed.Problems)
	}
}

func TestAReportThatCannotBeWrittenIsFoundBeforeTheRun(t *testing.T) {
	got := gatehouse(t, nil, "demo", "--no-tui", "--report", "/nowhere/at/all.json")
	if got.code != exitUsage || !strings.HasPrefix(got.stderr, "gatehouse: --report: cannot be written: ") || strings.Count(got.stderr, "\n") != 1 {
		t.Errorf("code %d: %s", got.code, got.stderr)
	}
}
