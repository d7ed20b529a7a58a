package identify

import (
	"encoding/json"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
)

// FuzzLedger drives a ledger with whatever may happen, in any order, and checks
// after each step that it keeps its promises.
func FuzzLedger(f *testing.F) {
	for seed := range uint64(16) {
		f.Add(seed, uint16(1000))
	}
	f.Fuzz(func(t *testing.T, seed uint64, steps uint16) {
		p := newProof(seed)
		for range steps % 2000 {
			p.step(t)
			if t.Failed() {
				return
			}
		}
	})
}

// proof is a ledger under random use, and what is known of it from outside.
type proof struct {
	*ledger
	rng  *rand.Rand
	now  time.Time
	mine []*grant // handed out or sent, and not forgotten

	buckets int
	sends   []proofSend // since the buckets last changed
	total   int
}

type proofSend struct {
	shard int
	at    time.Time
}

func newProof(seed uint64) *proof {
	rng := rand.New(rand.NewPCG(seed, 7))
	r := rules{width: width, spacing: DefaultSpacing, reserve: tenPercent, random: rng.Float64}
	return &proof{ledger: newLedger(r), rng: rng, now: start}
}

func (p *proof) step(t *testing.T) {
	switch dice := p.rng.IntN(1000); {
	case dice < 300:
		p.now = p.now.Add(time.Duration(p.rng.Int64N(int64(8 * time.Second))))
	case dice < 302:
		p.now = p.now.Add(time.Duration(p.rng.Int64N(int64(2 * time.Hour))))
	case dice < 620:
		p.acquire(t)
	case dice < 970:
		p.use(t)
	case dice < 976:
		p.tell()
	case dice < 978:
		p.allow()
	case dice < 982:
		p.rerun(t)
	default:
		p.acquire(t)
	}
	if p.rng.IntN(4) == 0 {
		p.consistent(t)
	}
}

func (p *proof) acquire(t *testing.T) {
	shard, force := p.rng.IntN(8), p.rng.IntN(8) == 0
	if p.ask(p.now, shard, force).verdict != granted {
		return
	}
	if p.breaker.open && !force {
		t.Errorf("shard %d passed the open breaker", shard)
	}
	keep := 1
	if !force {
		keep = max(keep, p.reserve())
	}
	if after := p.remaining - len(p.out) - 1; p.total > 0 && after < keep {
		t.Errorf("shard %d leaves %d, which is below %d (forced: %v)", shard, after, keep, force)
	}
	p.mine = append(p.mine, p.grant(shard, 0, force))
}

// use has one slot sent, or what follows.
func (p *proof) use(t *testing.T) {
	if len(p.mine) == 0 {
		return
	}
	i := p.rng.IntN(len(p.mine))
	g := p.mine[i]
	dice := p.rng.IntN(20)
	switch {
	case dice < 17 && g.sent.IsZero():
		p.note(t, g)
		return
	case dice < 15:
		p.confirm(p.now, g)
	case dice < 18:
		p.reject(p.now, g)
	default:
		p.settle(g)
	}
	if dice < 12 || dice > 16 { // else more comes, though it makes no sense
		p.mine = append(p.mine[:i], p.mine[i+1:]...)
	}
}

func (p *proof) note(t *testing.T, g *grant) {
	if !p.send(p.now, g) {
		return
	}
	for _, s := range p.sends {
		if s.shard%p.buckets == g.shard%p.buckets && p.now.Sub(s.at) < DefaultSpacing {
			t.Errorf("shards %d and %d of one bucket sent %s apart", s.shard, g.shard, p.now.Sub(s.at))
		}
	}
	p.sends = append(p.sends, proofSend{g.shard, p.now})
}

// tell is Discord's word: of a budget that others spend from as well. Slots that
// are out when the buckets change may meet, so that does not happen then.
func (p *proof) tell() {
	buckets := p.buckets
	if buckets == 0 || len(p.out) == 0 && p.rng.IntN(3) == 0 {
		buckets = []int{1, 2, 3, 16}[p.rng.IntN(4)]
	}
	p.total = []int{0, 10, 100, 1000, 1000, 1000}[p.rng.IntN(6)]
	told := discord.SessionStartLimit{Total: p.total, Remaining: p.rng.IntN(p.total + 1), MaxConcurrency: buckets,
		ResetAfterMS: p.rng.Int64N(24 * time.Hour.Milliseconds())}
	told.Remaining = max(told.Remaining, min(p.total, len(p.out)+1)) // Discord does not take back what is granted
	if p.buckets > 0 && buckets != p.buckets {
		p.sends = nil
	}
	p.buckets = buckets
	p.update(p.now, told)
}

// rerun starts the program anew.
func (p *proof) rerun(t *testing.T) {
	before := *p.ledger
	data, err := json.Marshal(p.memory(p.now))
	var m Memory
	if err == nil {
		err = json.Unmarshal(data, &m)
	}
	if err != nil {
		t.Fatal(err)
	}
	p.ledger = newLedger(before.rules)
	p.recall(p.now, m)
	p.mine = nil
	if p.breaker.open != before.breaker.open || p.breaker.why != before.breaker.why {
		t.Errorf("after a restart the breaker is %+v, was %+v", p.breaker, before.breaker)
	}
	p.total = 0
	p.tell()
}

// consistent checks what must agree within the ledger.
func (p *proof) consistent(t *testing.T) {
	h := p.history
	h.prune(p.now)
	for _, c := range []*tally{&h.hour, &h.watch} {
		again, excess := make(map[who]int), 0
		for _, r := range h.records[c.head-h.first():] {
			if r.counts() {
				again[r.who]++
			}
			if r.at.Before(p.now.Add(-c.width)) {
				t.Errorf("a record of %s ago is in the window of %s", p.now.Sub(r.at), c.width)
			}
		}
		for w, n := range again {
			excess += max(0, n-c.allowance)
			if c.again[w] != n {
				t.Errorf("%v: %d repeats, counted %d", w, n, c.again[w])
			}
		}
		if c.excess != excess || len(c.again) != len(again) {
			t.Errorf("excess is %d, counted %d", excess, c.excess)
		}
	}
	if p.remaining < 0 {
		t.Errorf("%d remain", p.remaining)
	}
	if at := p.runsOut(p.now); !at.IsZero() && at.Before(p.now) {
		t.Errorf("it ran out %s ago", p.now.Sub(at))
	}
}
