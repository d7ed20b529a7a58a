package discordtest

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// counts are running totals of the server, guarded by its mutex.
type counts struct {
	connections, upgradesRefused, received, rest uint64
	identifies, resumes, resumesRefused, stolen  uint64
	invalidSessions, heartbeats, forced, lagged  uint64
	framesSent, replayed, strays, membersLimited uint64
	handedOver                                   uint64
	worstHandover                                Millis
	handovers                                    []Handover
	commandLog                                   []Command
	dials                                        []time.Time
	worstBeat                                    time.Duration
	issued                                       [kindCount]uint64
	closed                                       map[int]uint64
	violations, ended, faults, commands          map[string]uint64
	beats                                        []BeatRecord
}

// maxBeatRecords bounds the connections whose heartbeats are remembered.
const maxBeatRecords = 4096

func newCounts() counts {
	return counts{
		closed: make(map[int]uint64), violations: make(map[string]uint64), ended: make(map[string]uint64),
		faults: make(map[string]uint64), commands: make(map[string]uint64),
	}
}

// keepBeats remembers how a connection that has ended kept its heartbeat.
func (c *counts) keepBeats(r BeatRecord) {
	if len(c.beats) == maxBeatRecords {
		c.beats = c.beats[1:]
	}
	c.beats = append(c.beats, r)
}

// Stats is the state of a server at one moment.
type Stats struct {
	Rate            float64           `json:"rate"` // events per second asked for
	Guilds          int               `json:"guilds"`
	GuildsDown      int               `json:"guilds_down"`
	Issued          uint64            `json:"issued"` // numbered events
	IssuedByType    map[string]uint64 `json:"issued_by_type"`
	Connections     int               `json:"connections"`         // open now
	ConnectionsEver uint64            `json:"connections_ever"`    // since the start
	UpgradesRefused uint64            `json:"upgrades_refused"`    // by a gateway outage
	RESTRequests    uint64            `json:"rest_requests"`       // right ones and wrong ones
	ClientFrames    uint64            `json:"client_frames"`       // received from clients
	Dispatches      uint64            `json:"dispatches"`          // written, replays included
	Replayed        uint64            `json:"replayed"`            // written again after RESUME
	Identifies      uint64            `json:"identifies"`          // sessions started
	Resumes         uint64            `json:"resumes"`             // sessions resumed
	ResumesRefused  uint64            `json:"resumes_refused"`     // answered with op 9
	Stolen          uint64            `json:"stolen"`              // resumes while the old connection stood
	InvalidSessions uint64            `json:"invalid_sessions"`    // op 9 sent
	Heartbeats      uint64            `json:"heartbeats"`          // received
	WorstBeat       Millis            `json:"heartbeat_late_ms"`   // worst lateness, beyond the interval
	ForcedCloses    uint64            `json:"forced_closes"`       // connections still open 5 s after op 7
	Lagged          uint64            `json:"lagged"`              // connections cut because they did not read
	HandedOver      uint64            `json:"handed_over"`         // changes of connection after an op 7, see [Server.Handovers]
	WorstHandover   Millis            `json:"handover_worst_ms"`   // longest time from an op 7 to the first dispatch on the next connection
	MembersLimited  uint64            `json:"members_limited"`     // op 8 answered with RATE_LIMITED
	Strays          uint64            `json:"strays"`              // dispatches without a sequence number sent
	SessionStarts   int               `json:"session_starts_left"` // of the budget
	TokenReset      bool              `json:"token_reset"`         // the session-start budget was overdrawn
	Closed          map[int]uint64    `json:"closed"`              // by the server, by code
	SessionsEnded   map[string]uint64 `json:"sessions_ended"`      // by reason
	Violations      map[string]uint64 `json:"violations"`          // by kind, see the Violation constants
	Faults          map[string]uint64 `json:"faults"`              // done on demand
	Commands        map[string]uint64 `json:"commands"`            // op 3, 4, 8, 31, 43 received
	Sessions        []SessionStats    `json:"sessions"`            // living ones, by total and shard
}

// SessionStats is one living session.
type SessionStats struct {
	ID         string `json:"id"`
	Shard      int    `json:"shard"`
	Shards     int    `json:"shards"`
	Connected  bool   `json:"connected"`
	Seq        int64  `json:"seq"`       // last given out
	Sent       int64  `json:"sent"`      // last handed to the socket
	Confirmed  int64  `json:"confirmed"` // last that the client proved to have
	Dispatches uint64 `json:"dispatches"`
	Guilds     int    `json:"guilds"` // of the shard
	Loading    bool   `json:"loading"`
	Presence   string `json:"presence,omitempty"` // that Identify or op 3 set last, as JSON
}

// Stats tells how the server stands.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &s.counts
	st := Stats{
		Rate: s.rate, Guilds: len(s.world.state) - s.world.left, Issued: s.nextNumber - 1,
		IssuedByType: byType(&c.issued), Connections: len(s.conns),
		ConnectionsEver: c.connections, UpgradesRefused: c.upgradesRefused, RESTRequests: c.rest,
		ClientFrames: c.received, Dispatches: c.framesSent, Replayed: c.replayed,
		Identifies: c.identifies, Resumes: c.resumes, ResumesRefused: c.resumesRefused, Stolen: c.stolen,
		InvalidSessions: c.invalidSessions, Heartbeats: c.heartbeats, WorstBeat: Millis(c.worstBeat),
		HandedOver: c.handedOver, WorstHandover: c.worstHandover, MembersLimited: c.membersLimited, Strays: c.strays,
		ForcedCloses: c.forced, Lagged: c.lagged, SessionStarts: s.limit.remaining, TokenReset: s.limit.dead,
		Closed: maps.Clone(c.closed), SessionsEnded: maps.Clone(c.ended), Violations: maps.Clone(c.violations),
		Faults: maps.Clone(c.faults), Commands: maps.Clone(c.commands),
	}
	for _, state := range s.world.state {
		if state == guildDown {
			st.GuildsDown++
		}
	}
	for _, ses := range s.sessions {
		st.Sessions = append(st.Sessions, s.sessionStats(ses))
	}
	slices.SortFunc(st.Sessions, func(a, b SessionStats) int {
		return cmp.Or(cmp.Compare(a.Shards, b.Shards), cmp.Compare(a.Shard, b.Shard), cmp.Compare(a.ID, b.ID))
	})
	return st
}

// byType are counts by the names of kinds, without those that are 0.
func byType(counts *[kindCount]uint64) map[string]uint64 {
	named := make(map[string]uint64)
	for k, n := range counts {
		if n > 0 {
			named[kind(k).String()] = n
		}
	}
	return named
}

func (s *Server) sessionStats(ses *session) SessionStats {
	return SessionStats{
		ID: ses.id, Shard: ses.shard, Shards: ses.total, Connected: ses.conn != nil,
		Seq: ses.seq(), Sent: ses.sent, Confirmed: ses.confirmed, Dispatches: ses.delivered,
		Guilds: s.world.guildsOn(ses.shard, ses.total), Loading: ses.loading(len(s.world.state)),
		Presence: ses.presence,
	}
}

// Beats lists how connections kept their heartbeats: the latest 4096 that have
// ended, then those that are open.
func (s *Server) Beats() []BeatRecord {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := slices.Clone(s.counts.beats)
	for c := range s.conns {
		r := c.beats.record
		r.Delays = slices.Clone(r.Delays)
		all = append(all, r)
	}
	return all
}

// completeReport adds to a report what the server counts, and tells how its
// sessions stand.
func (s *Server) completeReport(r *Report) situation {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &s.counts
	r.Identifies, r.Resumes, r.ResumesRefused = c.identifies, c.resumes, c.resumesRefused
	r.InvalidSessions, r.Heartbeats, r.HeartbeatLate = c.invalidSessions, c.heartbeats, Millis(c.worstBeat)
	r.Violations = maps.Clone(c.violations)
	now := situation{pending: make(map[uint64]bool), states: make(map[string]string)}
	for _, ses := range s.sessions {
		written := ses.numbers
		if ses.conn != nil {
			now.states[ses.id] = "connected"
			written = written[min(len(written), int(max(0, ses.sent-ses.confirmed))):]
		} else {
			now.states[ses.id] = "detached"
		}
		for _, n := range written {
			now.pending[n] = true
		}
	}
	return now
}
