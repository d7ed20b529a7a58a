package discordtest

import (
	"net/http"
	"slices"
	"time"
)

// GatewayOutage makes the gateway refuse (or accept again) new connections with
// 503. Connections that stand are left alone.
func (s *Server) GatewayOutage(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.outage = on
	s.log.Info("gateway outage", "on", on)
}

// FullOutage takes all of Discord down, or brings it back: every connection is
// cut, new ones are refused and REST answers 503. Sessions live on for as long as
// Config.ResumeWindow and ReplayBuffer allow, and events go on happening.
func (s *Server) FullOutage(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cutOff = on
	if on {
		s.counts.faults["full outage"]++
		s.cutAll()
	}
	s.log.Info("outage of everything", "on", on)
}

// DropAll cuts every connection at once, without a close frame.
func (s *Server) DropAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts.faults["all connections dropped"]++
	s.cutAll()
}

func (s *Server) cutAll() {
	for c := range s.conns {
		c.cut()
	}
}

// maxDials bounds the dials that are remembered.
const maxDials = 1 << 16

// dialled takes note of an upgrade request. The server's mutex is held.
func (s *Server) dialled(now time.Time) {
	if len(s.counts.dials) == maxDials {
		s.counts.dials = slices.Delete(s.counts.dials, 0, maxDials/2)
	}
	s.counts.dials = append(s.counts.dials, now)
}

// Dials lists when upgrades were asked for, refused ones included: at least the
// latest 32 768, in order.
func (s *Server) Dials() []time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.counts.dials)
}

// DialPeak is the most upgrades that were asked for in any span of a length since
// a time.
func (s *Server) DialPeak(since time.Time, span time.Duration) int {
	most, first := 0, 0
	dials := s.Dials()
	for i, at := range dials {
		for at.Sub(dials[first]) >= span || dials[first].Before(since) && first < i {
			first++
		}
		if !at.Before(since) {
			most = max(most, i-first+1)
		}
	}
	return most
}

// outageFault is the answer of REST while all of Discord is down.
func (s *Server) outageFault() (f restFault, ok bool) {
	return restFault{status: http.StatusServiceUnavailable}, s.cutOff
}
