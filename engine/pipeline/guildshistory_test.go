package pipeline

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
)

// guildRun is a process with what it keeps on disk: guilds and sessions in files of
// their own, which are not saved at the same time.
type guildRun struct {
	guilds  *Guilds
	session uint64
	seq     int64 // of the session's last event
	settled int64

	fileSession uint64 // of the guilds' file
	file        []byte
	keptSession uint64 // of the sessions' file
	keptSeq     int64
	kept        []byte

	kinds map[int64]string     // of the session's events, as told first
	stood map[int64]guildsThen // how the guilds stood behind each event
	past  []func(g *Guilds, seq int64) string
}

type guildsThen map[uint64]guildState

func (r *guildRun) begin(ids []uint64) {
	r.session++
	r.guilds.Started(r.session, ids)
	r.seq, r.settled = 1, 1
	r.kinds, r.stood, r.past = map[int64]string{}, map[int64]guildsThen{1: maps.Clone(r.guilds.states)}, nil
}

// happen has something befall a guild.
func (r *guildRun) happen(rng *rand.Rand) {
	guild, what := rng.Uint64N(9)+1, rng.IntN(4)
	do := func(g *Guilds, seq int64) string {
		d, kind := `{"id":"1"`, "GUILD_CREATE"
		switch what {
		case 0:
			d += back
		case 1:
			kind = "GUILD_DELETE"
		case 2:
			kind, d = "GUILD_DELETE", d+out
		}
		return g.Classify(kind, &discord.Frame{Seq: seq, Type: []byte(kind), Guild: guild, Data: []byte(d + "}")}).String()
	}
	r.seq++
	r.past = append(r.past, do)
	r.kinds[r.seq] = do(r.guilds, r.seq)
	r.stood[r.seq] = maps.Clone(r.guilds.states)
}

func (r *guildRun) saveSession() {
	r.keptSession, r.keptSeq = r.session, r.settled
	r.kept, _ = json.Marshal(r.guilds.Since(r.session, r.settled, 1000))
}

func (r *guildRun) saveGuilds() {
	if k, ok := r.guilds.Saved(r.session); ok {
		r.fileSession = r.session
		r.file, _ = json.Marshal(k)
	}
}

// crash has the next process take up what is on disk, and Discord send again what has
// come since.
func (r *guildRun) crash(t *testing.T) {
	if r.keptSession != r.session {
		r.guilds = &Guilds{}
		r.begin([]uint64{1, 2, 3, 4, 5})
		return
	}
	var saved Known
	var since *Known
	if r.fileSession == r.session {
		_ = json.Unmarshal(r.file, &saved)
	}
	_ = json.Unmarshal(r.kept, &since)
	r.guilds, r.settled = &Guilds{}, r.keptSeq
	r.guilds.Restore(r.session, r.keptSeq, saved, since)
	if got, want := r.guilds.states, r.stood[r.keptSeq]; !maps.Equal(got, want) {
		t.Fatalf("at event %d of session %d: %v, want %v", r.keptSeq, r.session, got, want)
	}
	for seq := r.keptSeq + 1; seq <= r.seq; seq++ {
		if got := r.past[seq-2](r.guilds, seq); got != r.kinds[seq] {
			t.Fatalf("event %d is told as %q, and was as %q before the crash", seq, got, r.kinds[seq])
		}
	}
}

// Whenever it is killed, and whatever it had saved by then: the next run tells every
// event that comes again as this one did.
func TestTheKindsAreTheSameAfterACrash(t *testing.T) {
	for seed := range uint64(200) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 7))
			r := &guildRun{guilds: &Guilds{}}
			r.begin([]uint64{1, 2, 3, 4, 5})
			for range 400 {
				switch n := rng.IntN(40); {
				case n < 25:
					r.happen(rng)
				case n < 30:
					r.settled = min(r.settled+rng.Int64N(5), r.seq)
				case n < 35:
					r.saveSession()
				case n < 38:
					r.saveGuilds()
				case n < 39:
					r.crash(t)
				case rng.IntN(4) == 0:
					r.begin([]uint64{2, 3, 4, 8})
				}
			}
		})
	}
}

// More changes than are remembered make no crash worse than the loss of a kind: how
// the guilds stand now is known.
func TestManyChangesAreNotRememberedForEver(t *testing.T) {
	g := &Guilds{}
	g.Started(1, []uint64{1, 2, 3})
	for seq := int64(2); seq < 3*mostChanges; seq++ {
		f := &discord.Frame{Seq: seq, Guild: 1, Data: []byte(`{"id":"1"` + out + `}`)}
		if seq%2 == 0 {
			f.Data = []byte(`{"id":"1"` + back + `}`)
			g.Classify("GUILD_CREATE", f)
		} else {
			g.Classify("GUILD_DELETE", f)
		}
	}
	if n := len(g.history.changes); n > mostChanges {
		t.Errorf("%d changes are remembered", n)
	}
	since := g.Since(1, 3*mostChanges, 10)
	if since == nil || !since.All || since.Len() != 3 {
		t.Fatalf("%+v", since)
	}
	var after Guilds
	after.Restore(1, 3*mostChanges, Known{Available: []uint64{1, 9}}, since)
	if !maps.Equal(after.states, g.states) {
		t.Errorf("%v, want %v", after.states, g.states)
	}
	if g.Since(1, 3*mostChanges, 2) != nil || g.Since(2, 5, 10) != nil {
		t.Error("it told more than it was asked for, or of another session")
	}
}

func TestAChangeIsCountedAgainWhenItCanBeSaved(t *testing.T) {
	g := &Guilds{}
	g.Started(1, []uint64{1})
	g.Classify("GUILD_CREATE", &discord.Frame{Seq: 2, Guild: 1, Data: []byte(`{"id":"1"` + back + `}`)})
	before := g.Changes()
	if g.Since(1, 1, 10); g.Changes() != before {
		t.Error("nothing has been dealt with yet")
	}
	if g.Since(1, 2, 10); g.Changes() == before {
		t.Error("nobody will save it")
	}
	if k, _ := g.Saved(1); len(k.Available) != 1 {
		t.Errorf("%+v", k)
	}
	after := g.Changes()
	if since := g.Since(1, 9, 10); since != nil || g.Changes() != after {
		t.Errorf("%+v is saved twice", since)
	}
}
