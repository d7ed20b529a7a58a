package engine_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gatehouse-gateway/gatehouse/engine"
	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
)

// ledger is what the bot knows of its guilds, its events and the fleet.
type ledger struct {
	mu      sync.Mutex
	guilds  map[string][]string // what happened to each, by id
	ids     map[string]uint64   // numbers by event id
	doubled []string            // ids that stood for two events
	notices []string            // of a reshard
	totals  map[int]uint64      // events by the total they named
}

func newLedger() *ledger {
	return &ledger{guilds: make(map[string][]string), ids: make(map[string]uint64), totals: make(map[int]uint64)}
}

// take sees every event that the bot takes.
func (l *ledger) take(d discordtest.Delivered) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if d.Type == engine.NoticeType {
		l.notices = append(l.notices, string(d.Line))
	}
	if d.Number == 0 {
		return
	}
	before, again := l.ids[d.ID]
	switch {
	case again && before != d.Number:
		l.doubled = append(l.doubled, d.ID)
	case again:
		return
	}
	l.ids[d.ID] = d.Number
	l.totals[d.Shards]++
	if d.Type == "GUILD_CREATE" || d.Type == "GUILD_DELETE" {
		l.guild(d)
	}
}

// guild books what an event says about a guild.
func (l *ledger) guild(d discordtest.Delivered) {
	var line struct {
		Data struct {
			D struct {
				ID          string
				Unavailable bool
			}
		}
	}
	what := d.Kind
	if err := json.Unmarshal(d.Line, &line); err != nil {
		what = err.Error()
	}
	switch gone := d.Type == "GUILD_DELETE"; {
	case gone && line.Data.D.Unavailable:
		what = "down"
	case gone:
		what = "left"
	}
	l.guilds[line.Data.D.ID] = append(l.guilds[line.Data.D.ID], what)
}

// of is what the bot was told of a guild, in order.
func (l *ledger) of(guild uint64) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.guilds[fmt.Sprint(guild)], " ")
}

// resharded are the notices of that, without what differs from run to run.
func (l *ledger) resharded() (all []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range l.notices {
		_, d, _ := strings.Cut(line, `"d":`)
		d, _, _ = strings.Cut(d, `,"at"`)
		all = append(all, d)
	}
	return all
}

// counted is how many different events have named a total.
func (l *ledger) counted(total int) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.totals[total]
}

// guildSteps are what can befall a guild after what.
var guildSteps = map[string][]string{
	"":          {"loaded", "joined", "down", "left"},
	"loaded":    {"down", "left"},
	"joined":    {"down", "left"},
	"available": {"down", "left"},
	"down":      {"available", "left"},
	"left":      {"joined"},
}

// judge fails if an id stood for two events, or a guild's story makes no sense.
func (l *ledger) judge(t *testing.T, rough bool) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.doubled) > 0 {
		t.Errorf("%d event ids stood for two events, such as %s", len(l.doubled), l.doubled[0])
	}
	if rough {
		return
	}
	for id, story := range l.guilds {
		last := ""
		for _, what := range story {
			if !slices.Contains(guildSteps[last], what) {
				t.Errorf("the bot was told of guild %s: %s", id, strings.Join(story, ", "))
				break
			}
			last = what
		}
	}
}

// noticeOf is the notice of a reshard as resharded shows it.
func noticeOf(from, to, first, last int) string {
	return fmt.Sprintf(`{"from":%d,"to":%d,"first":%d,"last":%d`, from, to, first, last)
}
