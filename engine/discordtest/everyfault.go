package discordtest

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"time"
)

// EveryFault is a day on which everything that can go wrong does, several times
// a minute in sum, and yet every event can come through. Hosts die only if
// Config.Network and Config.ResumeURL are set.
func EveryFault() Chaos {
	c := DefaultChaos()
	c.Drops, c.Closes, c.Reconnects, c.Probes, c.GuildFlaps = 4, 3, 3, 4, 3
	c.Invalid, c.Outages, c.RESTErrors = 0.5, 0.2, 0.5
	c.ReconnectsOdd, c.NoACKs, c.Deaf, c.Welcomes, c.DeadHosts = 2, 0.5, 0.5, 2, 0.3
	c.FullOutages, c.AllDropped, c.IdentifiesRefused, c.ResumesRefused = 0.05, 0.1, 0.2, 0.5
	c.Oddities, c.Huge, c.Corrupt, c.Joined = 10, 0.2, 1, 1
	return c
}

// Times is the same day with everything so many times as often.
func (c Chaos) Times(n float64) Chaos {
	for _, rate := range []*float64{
		&c.Drops, &c.Closes, &c.Reconnects, &c.Invalid, &c.Silences, &c.Probes, &c.Outages, &c.GuildFlaps,
		&c.GuildJoins, &c.GuildLeaves, &c.RESTErrors, &c.ReconnectsOdd, &c.NoACKs, &c.Deaf, &c.Welcomes,
		&c.DeadHosts, &c.FullOutages, &c.AllDropped, &c.IdentifiesRefused, &c.ResumesRefused, &c.Oddities,
		&c.Huge, &c.Corrupt, &c.Joined,
	} {
		*rate *= n
	}
	return c
}

// moreActions are the faults of [EveryFault] that [DefaultChaos] does without.
func (s *Server) moreActions(c Chaos, r *rand.Rand, undo *undoList, on func(func(Pair) error) func()) []chaosAction {
	later := func(most time.Duration) time.Time {
		return s.clock.Now().Add(time.Duration(r.Float64() * float64(most)))
	}
	any := Pair{Shard: -1}
	return []chaosAction{
		{c.ReconnectsOdd, on(func(p Pair) error { return s.oddReconnect(p, r.IntN(3)) })},
		{c.NoACKs, on(s.StopACKs)},
		{c.Deaf, on(s.GoDeaf)},
		{c.Welcomes, func() { s.Welcome(1+r.IntN(2), oddWelcome(r)) }},
		{c.DeadHosts, func() { s.killHost(r, undo, later(time.Minute)) }},
		{c.FullOutages, func() {
			s.FullOutage(true)
			undo.add(later(time.Minute), func() { s.FullOutage(false) })
		}},
		{c.AllDropped, s.DropAll},
		{c.IdentifiesRefused, func() { s.RefuseIdentify(any, 1+r.IntN(2)) }},
		{c.ResumesRefused, func() { s.RefuseResume(any, 1, r.IntN(3) > 0) }},
		{c.Oddities, func() { s.oddity(r) }},
		{c.Corrupt, on(s.CorruptNext)},
		{c.Joined, on(s.JoinNext)},
		{c.Huge, func() {
			if id, ok := s.anyGuild(r); ok {
				_, _ = s.HugeEvent(id) // it may be gone by now
			}
		}},
	}
}

// oddReconnect is op 7 in one of the ways that are not the usual one.
func (s *Server) oddReconnect(p Pair, way int) error {
	switch way {
	case 0:
		return s.ReconnectAfter(p, 0)
	case 1:
		return s.ReconnectAfter(p, Never)
	default:
		return s.ReconnectAndHush(p)
	}
}

// oddWelcome draws a greeting that is not the usual one.
func oddWelcome(r *rand.Rand) Welcome {
	return [...]Welcome{
		{Nothing: true}, {Reconnect: true}, {NoACK: true}, {Op7After: time.Millisecond},
		{Op7After: 3 * time.Second}, {Invalid: "false"}, {Invalid: "true"},
		{Interval: `0`}, {Interval: `-41250`}, {Interval: `1e300`}, {Interval: `null`}, {Interval: `"soon"`},
	}[r.IntN(12)]
}

// killHost makes the host of resume_gateway_url dead for a while.
func (s *Server) killHost(r *rand.Rand, undo *undoList, until time.Time) {
	s.mu.Lock()
	at, err := url.Parse(s.resumeURL)
	s.mu.Unlock()
	if err != nil || at.Hostname() == "" || s.cfg.Network == nil {
		return
	}
	how := Death(r.IntN(int(deaths)))
	s.cfg.Network.Kill(at.Hostname(), how)
	s.tookPlace(fmt.Sprintf("resume host dead: %s", how))
	undo.add(until, func() { s.cfg.Network.Revive(at.Hostname()) })
}

// tookPlace counts a fault that is not about one shard.
func (s *Server) tookPlace(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts.faults[what]++
}

// oddity sends something that is not in the documentation.
func (s *Server) oddity(r *rand.Rand) {
	p := s.anyPair(r)
	switch r.IntN(4) {
	case 0:
		_ = s.UnknownOpcode(p) // it may be gone by now
	case 1:
		_ = s.StrayDispatch(p)
	case 2:
		_ = s.RepeatDispatch(p)
	default:
		if id, ok := s.anyGuild(r); ok {
			_, _ = s.OddEvent(id)
		}
	}
}
