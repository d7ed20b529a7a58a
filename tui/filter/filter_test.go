package filter

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// fleet has shards whose every figure differs.
func fleet() []ops.Shard {
	return []ops.Shard{
		{ID: 0, Worker: 0, State: ops.ShardReady, Latency: 40 * time.Millisecond, Since: now.Add(-time.Hour), Guilds: 900, Rate: 12,
			LastACK: now.Add(-12 * time.Second), LastEvent: now.Add(-time.Second)},
		{ID: 1, Worker: 0, State: ops.ShardReady, Latency: 250 * time.Millisecond, Since: now.Add(-time.Minute), Guilds: 1500, Rate: 3,
			LastACK: now.Add(-48 * time.Second), LastEvent: now.Add(-6 * time.Minute), Outbox: 3, Sends: 112, Deaf: 1},
		{ID: 2, Worker: 1, State: ops.ShardResuming, Latency: 900 * time.Millisecond, Since: now, Guilds: 10},
		{ID: 3, Worker: 1, State: ops.ShardBackoff, Latency: 900 * time.Millisecond, Since: now, Reconnects: 4},
		{ID: 70, Worker: 3, State: ops.ShardFailed, Since: now.Add(-time.Hour)},
	}
}

func TestFiltersPickShards(t *testing.T) {
	for _, tc := range []struct {
		text string
		want []int
	}{
		{"", []int{0, 1, 2, 3, 70}},
		{"2", []int{2}},
		{"1-3,70", []int{1, 2, 3, 70}},
		{"id:0-63", []int{0, 1, 2, 3}},
		{"ready", []int{0, 1}},
		{"!ready", []int{2, 3, 70}},
		{"STATE:Resuming,Backoff", []int{2, 3}},
		{"!state:ready,failed", []int{2, 3}},
		{"worker:1", []int{2, 3}},
		{"lat>200", []int{1, 2}},
		{"lat>=250", []int{1, 2}},
		{"lat>0.5s", []int{2}},
		{"lat<100ms", []int{0}},
		{"since<5m !failed", []int{1, 2, 3}},
		{"guilds>100 rate>10", []int{0}},
		{"reconnects>3", []int{3}},
		{"!!ready", []int{0, 1}},
		{"ack>30s", []int{1}},
		{"ack<1h", []int{0, 1}}, // the others have had none
		{"quiet>2m", []int{1}},
		{"quiet>0", []int{0, 1}},
		{"outbox>0 sends>100 deaf>0", []int{1}},
	} {
		f, err := Parse(tc.text)
		if err != nil {
			t.Errorf("%q: %v", tc.text, err)
			continue
		}
		var got []int
		for _, s := range fleet() {
			if f.Match(&s, now) {
				got = append(got, s.ID)
			}
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%q picked %v, want %v", tc.text, got, tc.want)
		}
	}
}

func TestAFilterThatCannotBeReadSaysWhatCan(t *testing.T) {
	for text, want := range map[string]string{
		"raedy":       "a state (ready",
		"state:x":     "states are ready",
		"lat>fast":    "200ms",
		"guilds>many": "expected a number",
		"quiet>2":     "a time with its unit, such as 30s or 2m",
		"ack>2":       "a time with its unit",
		"since<5":     "a time with its unit",
		"deaf>1s":     "deaf is a number, not a time",
		"speed>3":     "figures are lat",
		"zone:3":      "keys are state, id and worker",
		"id:9-3":      "0-63",
		"id:-1":       "0-63",
		"!":           "expected an id",
		">3":          "expected an id",
	} {
		_, err := Parse(text)
		if err == nil {
			t.Errorf("%q accepted", text)
		} else if !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want a word about %q", text, err, want)
		}
	}
}

func TestAFilterKeepsItsText(t *testing.T) {
	f, err := Parse("  ready   lat>3 ")
	if err != nil || f.String() != "ready lat>3" || f.Empty() {
		t.Fatalf("%q %v %v", f.String(), f.Empty(), err)
	}
}
