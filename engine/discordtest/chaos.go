package discordtest

import (
	"context"
	"math/rand/v2"
	"time"
)

// Chaos says how often what goes wrong, per minute over the whole server; 0 for
// never. See [DefaultChaos].
type Chaos struct {
	Seed uint64

	Drops       float64 // connections cut
	Closes      float64 // with 4000, 1011 or 1012
	Reconnects  float64 // op 7
	Invalid     float64 // op 9, one in four resumable
	Silences    float64 // zombies
	Probes      float64 // op 1
	Outages     float64 // the gateway refuses connections for up to 10 s
	GuildFlaps  float64 // a guild is down for up to 30 s
	GuildJoins  float64
	GuildLeaves float64
	RESTErrors  float64 // one to three requests answered 429, 500 or 502

	ReconnectsOdd     float64 // op 7 that is followed by a close at once, by none, or by silence
	NoACKs            float64 // a connection on which heartbeats are not acknowledged any more
	Deaf              float64 // a connection on which nothing but that comes any more
	Welcomes          float64 // the next one or two connections are not greeted with a good Hello
	DeadHosts         float64 // the host of resume_gateway_url is dead for up to a minute
	FullOutages       float64 // everything is down for up to a minute
	AllDropped        float64 // every connection is cut at once
	IdentifiesRefused float64 // the next one or two Identifies are answered with op 9
	ResumesRefused    float64 // the next RESUME is, two times out of three resumable
	Oddities          float64 // unknown opcodes and events, repeats, dispatches without a number
	Huge              float64 // events of one to four megabytes
	Corrupt           float64 // a compressed frame is damaged
	Joined            float64 // two compressed messages come as one
}

// DefaultChaos is a bad day, minute after minute: about thirty faults in each.
func DefaultChaos() Chaos {
	return Chaos{
		Drops: 6, Closes: 3, Reconnects: 4, Invalid: 1, Silences: 1, Probes: 6,
		Outages: 0.5, GuildFlaps: 4, GuildJoins: 2, GuildLeaves: 1, RESTErrors: 1,
	}
}

// chaosAction is one thing that can go wrong.
type chaosAction struct {
	perMinute float64
	do        func()
}

// RunChaos applies random faults until ctx ends, then undoes what is not over: it
// returns with the gateway open and every guild up again.
func (s *Server) RunChaos(ctx context.Context, c Chaos) {
	r := rand.New(rand.NewPCG(c.Seed, 0xbad))
	undo := &undoList{}
	defer undo.all()
	actions := s.chaosActions(c, r, undo)
	total := 0.0
	for _, a := range actions {
		total += a.perMinute
	}
	if total <= 0 {
		return
	}
	timer := s.clock.NewTimer(time.Hour)
	defer timer.Stop()
	next := s.clock.Now()
	for {
		next = next.Add(time.Duration(r.ExpFloat64() / total * float64(time.Minute)))
		for {
			now := s.clock.Now()
			undo.due(now)
			if !now.Before(next) {
				break
			}
			timer.Reset(min(next.Sub(now), undo.soonest(now)))
			select {
			case <-timer.C():
			case <-ctx.Done():
				return
			}
		}
		pickAction(actions, r.Float64()*total).do()
	}
}

// pickAction finds the action at a point of the summed rates.
func pickAction(actions []chaosAction, at float64) chaosAction {
	for _, a := range actions {
		if at -= a.perMinute; at < 0 {
			return a
		}
	}
	return actions[len(actions)-1]
}

func (s *Server) chaosActions(c Chaos, r *rand.Rand, undo *undoList) []chaosAction {
	// A shard that is not connected just now is spared: the error says only that.
	on := func(fault func(Pair) error) func() {
		return func() { _ = fault(s.anyPair(r)) }
	}
	later := func(most time.Duration) time.Time {
		return s.clock.Now().Add(time.Duration(r.Float64() * float64(most)))
	}
	return append([]chaosAction{
		{c.Drops, on(s.DropConnection)},
		{c.Closes, on(func(p Pair) error { return s.CloseConnection(p, []int{4000, 1011, 1012}[r.IntN(3)]) })},
		{c.Reconnects, on(s.Reconnect)},
		{c.Invalid, on(func(p Pair) error { return s.InvalidateSession(p, r.IntN(4) == 0) })},
		{c.Silences, on(s.GoSilent)},
		{c.Probes, on(s.ProbeHeartbeat)},
		{c.Outages, func() {
			s.tookPlace("gateway outage")
			s.GatewayOutage(true)
			undo.add(later(10*time.Second), func() { s.GatewayOutage(false) })
		}},
		{c.GuildFlaps, func() {
			if id, ok := s.anyGuild(r); ok && s.GuildOutage(id) == nil {
				undo.add(later(30*time.Second), func() { _ = s.GuildReturn(id) }) // it may have been left
			}
		}},
		{c.GuildJoins, func() { s.GuildJoin() }},
		{c.GuildLeaves, func() {
			if id, ok := s.anyGuild(r); ok {
				_ = s.GuildLeave(id) // one that is down stays
			}
		}},
		{c.RESTErrors, func() { s.RESTFault(1+r.IntN(3), []int{429, 500, 502}[r.IntN(3)]) }},
	}, s.moreActions(c, r, undo, on)...)
}

// anyPair draws a connected session's shard.
func (s *Server) anyPair(r *rand.Rand) Pair {
	var pairs []Pair
	for _, ses := range s.Stats().Sessions {
		if ses.Connected {
			pairs = append(pairs, Pair{ses.Shard, ses.Shards})
		}
	}
	if len(pairs) == 0 {
		return Pair{Shard: -1}
	}
	return pairs[r.IntN(len(pairs))]
}

// anyGuild draws a guild.
func (s *Server) anyGuild(r *rand.Rand) (id uint64, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.world.state) == 0 {
		return 0, false
	}
	i := r.IntN(len(s.world.state))
	return s.world.guildID(uint32(i)), s.world.state[i] == guildUp
}

// undoList holds what chaos has to put right later.
type undoList struct {
	at []time.Time
	do []func()
}

func (u *undoList) add(at time.Time, do func()) {
	u.at = append(u.at, at)
	u.do = append(u.do, do)
}

// due undoes what has lasted long enough.
func (u *undoList) due(now time.Time) {
	for i := 0; i < len(u.at); {
		if u.at[i].After(now) {
			i++
			continue
		}
		u.do[i]()
		last := len(u.at) - 1
		u.at[i], u.do[i] = u.at[last], u.do[last]
		u.at, u.do = u.at[:last], u.do[:last]
	}
}

// soonest is the time until the next undoing.
func (u *undoList) soonest(now time.Time) time.Duration {
	wait := time.Hour
	for _, at := range u.at {
		wait = min(wait, at.Sub(now))
	}
	return wait
}

// all undoes everything now.
func (u *undoList) all() {
	for _, do := range u.do {
		do()
	}
}
