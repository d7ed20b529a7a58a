package discordtest

import (
	"encoding/json"
	"testing"
)

func TestOddFrames(t *testing.T) {
	bubble(t, Config{Guilds: 1}, func(t *testing.T, s *Server, dial dialFunc) {
		c, _ := settle(t, s, dial)
		fault(t, s.UnknownOpcode(Pair{}))
		if f := c.next(); f.Op < 5 || f.S != 0 {
			t.Errorf("got %s", f.raw)
		}
		fault(t, s.StrayDispatch(Pair{}))
		if f := c.next(); f.T != StrayType || f.S != 0 || f.Op != 0 {
			t.Errorf("got %s", f.raw)
		}
		inject(t, s, 1)
		first := c.next()
		fault(t, s.RepeatDispatch(Pair{}))
		if again := c.next(); string(again.raw) != string(first.raw) {
			t.Errorf("got %s after %s", again.raw, first.raw)
		}
		n, err := s.OddEvent(s.GuildIDs()[0])
		must(t, err)
		f := c.next()
		if got, _ := EventNumber(f.raw); got != n || f.S != first.S+1 || !json.Valid(f.raw) {
			t.Errorf("got %s", f.raw)
		}
		n, err = s.HugeEvent(s.GuildIDs()[0])
		must(t, err)
		f = c.next()
		if got, _ := EventNumber(f.raw); got != n || len(f.raw) < 1e6 || len(f.raw) > 5e6 || !json.Valid(f.raw) {
			t.Errorf("event %d of %d bytes", got, len(f.raw))
		}
	})
}
