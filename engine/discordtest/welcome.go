package discordtest

import (
	"fmt"
	"strconv"
	"time"
)

// Welcome is how the gateway greets a new connection. The zero value is Hello
// with the configured interval.
type Welcome struct {
	Nothing   bool          // Hello never comes
	Reconnect bool          // op 7 comes instead of Hello
	Interval  string        // heartbeat_interval of Hello, as JSON; empty for the configured one
	Invalid   string        // "true" or "false": op 9 right after Hello; with "false" a RESUME is refused by it
	NoACK     bool          // no heartbeat is acknowledged
	Op7After  time.Duration // op 7 comes so long after READY or RESUMED; 0 for not
	Op9After  time.Duration // op 9 false does, and the session is gone; 0 for not
}

// Welcome has the next n connections greeted in a way of its own, all of them
// until further notice if n is negative. It replaces what was said before.
func (s *Server) Welcome(n int, w Welcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.welcomes, s.welcomeAs = n, w
}

// String names the welcome as Stats.Faults does.
func (w Welcome) String() string {
	switch {
	case w.Nothing:
		return "no Hello"
	case w.Reconnect:
		return "op 7 instead of Hello"
	case w.Invalid != "":
		return "op 9 after Hello"
	case w.Interval != "":
		return "Hello with interval " + w.Interval
	case w.NoACK:
		return "no ACKs from the start"
	case w.Op7After > 0:
		return "op 7 on a new connection"
	case w.Op9After > 0:
		return "op 9 on a new connection"
	default:
		return "Hello"
	}
}

// greet is the first thing a connection is sent. The server's mutex is held.
func (s *Server) greet(c *conn) {
	c.interval = s.cfg.HeartbeatInterval
	if s.welcomes != 0 {
		s.welcomes--
		c.welcome = s.welcomeAs
		s.counts.faults[c.welcome.String()]++
	}
	w := c.welcome
	c.noACK = w.NoACK
	switch {
	case w.Nothing:
		return
	case w.Reconnect:
		s.askReconnect(c, s.clock.Now(), reconnectGrace)
		return
	}
	named := orDefault(w.Interval, strconv.FormatInt(c.interval.Milliseconds(), 10))
	if ms, err := strconv.Atoi(named); err == nil && ms >= 1000 && ms <= 3_600_000 {
		c.interval = time.Duration(ms) * time.Millisecond
	}
	c.beats.hello(s.clock.Now(), c.interval+s.cfg.HeartbeatTolerance)
	c.send(fmt.Appendf(nil, `{"t":null,"s":null,"op":10,"d":{"heartbeat_interval":%s,"_trace":["[\"gateway-sim-%d\",{\"micros\":0.0}]"]}}`,
		named, s.cfg.Seed%1000))
	if w.Invalid != "" {
		s.invalid(c, w.Invalid == "true")
	}
}
