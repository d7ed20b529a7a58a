package discordtest

import (
	"fmt"
	"strings"
)

// StrayType is the type of dispatches that come without a sequence number.
const StrayType = "STRAY_EVENT"

// UnknownOpcode sends a frame that no client knows.
func (s *Server) UnknownOpcode(p Pair) error {
	return s.fault("unknown opcode", p, func(c *conn) {
		op := []int{5, 12, 18, 37, 40, 255, 4_000_000_000}[s.random.IntN(7)]
		c.send(fmt.Appendf(nil, `{"t":null,"s":null,"op":%d,"d":{"a":[1,{"op":0}]},"x":true}`, op))
	})
}

// StrayDispatch sends a dispatch of [StrayType] that is in no session: without a
// sequence number, without an event number, and not replayed.
func (s *Server) StrayDispatch(p Pair) error {
	return s.fault("dispatch without s", p, func(c *conn) {
		if c.deaf || c.session.sent == 0 {
			return
		}
		s.counts.strays++
		seq := []string{`"s":null,`, ``}[s.random.IntN(2)]
		c.send(fmt.Appendf(nil, `{"t":"%s",%s"op":0,"d":{"stray":%d}}`, StrayType, seq, s.counts.strays))
	})
}

// RepeatDispatch sends the last dispatch of a session once more, with the same
// sequence number.
func (s *Server) RepeatDispatch(p Pair) error {
	return s.fault("dispatch repeated", p, func(c *conn) {
		c.repeat = true
		c.nudge()
	})
}

// OddEvent makes an event of a guild as no documentation knows it: an unknown
// type, unknown keys in `d` and beside it. It is owed to the bot, byte for byte.
func (s *Server) OddEvent(guild uint64) (uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := s.guild(guild)
	if err != nil {
		return 0, err
	}
	e := entry{kind: kindOdd, guild: i}
	s.stamp(&e)
	s.counts.faults["odd event"]++
	s.custom.put(e.number, fmt.Appendf(nil,
		`NEW_THING_%d {"guild_id":"%d","s":5,"op":9,"t":"READY","deep":%s1%s,"text":"%s"`,
		e.number%9, guild, strings.Repeat(`[`, 40), strings.Repeat(`]`, 40), `\u0000\ud83d\ude00\"}]`))
	s.broadcast(e)
	return e.number, nil
}

// HugeEvent makes an event of a guild of one to four megabytes.
func (s *Server) HugeEvent(guild uint64) (uint64, error) {
	n, err := s.Inject(kindHuge.String(), guild)
	if err == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.counts.faults["huge event"]++
	}
	return n, err
}

// oddEnvelope is what an odd event has beside `d`.
const oddEnvelope = `,"x_trace":{"s":1,"d":[null,"{"]},"x":1e3`

// appendHuge appends `d` of a huge event without its closing brace.
func (r *renderer) appendHuge(dst []byte, s subject) []byte {
	dst = fmt.Appendf(dst, `{"guild_id":"%d","emojis":[`, s.guildID)
	for i := range 7000 + s.text%21_000 {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = fmt.Appendf(dst, `{"id":"%d","name":"emoji_%d","roles":[],"require_colons":true,"managed":false,"animated":false,"available":true,"version":%d}`,
			s.guildID+1+i, i, s.number)
	}
	return append(dst, ']')
}

// SetQuiet lets nothing happen any more, or again, in the guilds of a shard:
// what is injected still happens, and requests are answered. p names the total.
func (s *Server) SetQuiet(p Pair, on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if on {
		s.quiet[p] = true
	} else {
		delete(s.quiet, p)
	}
}

// isQuiet reports whether nothing happens in a guild. The server's mutex is held.
func (s *Server) isQuiet(guild uint32) bool {
	for p := range s.quiet {
		if s.world.shardOf(guild, p.Shards) == p.Shard {
			return true
		}
	}
	return false
}
