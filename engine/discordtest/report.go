package discordtest

import (
	"maps"
	"slices"
	"strconv"
	"time"
)

// Report is the verdict of an [Audit]. All counts are since the start.
type Report struct {
	Issued   uint64 `json:"issued"`   // numbered events that happened
	Unrouted uint64 `json:"unrouted"` // of them, put in no session: none was there, or its intents forbade it
	Optional uint64 `json:"optional"` // of them, which the bot need not get
	Withheld uint64 `json:"withheld"` // of those, not received
	Expected uint64 `json:"expected"` // that the bot must get
	// WithheldByType parts Withheld by the names of [Kinds], to compare with
	// [Stats].IssuedByType: how many unfurled links a filter has kept away.
	WithheldByType map[string]uint64 `json:"withheld_by_type,omitempty"`
	Forfeited      map[string]uint64 `json:"forfeited"`   // that no session could bring any more, by the reason its last session ended
	Revived        uint64            `json:"revived"`     // of the forfeited, those that came all the same
	Received       uint64            `json:"received"`    // different events that came
	Pending        uint64            `json:"pending"`     // expected, and still in a session without a connection, or not yet written
	Lost           uint64            `json:"lost"`        // expected, written, and not received
	LostSamples    []LostEvent       `json:"lost_events"` // the first 20 of them

	Repeated         uint64 `json:"repeated"`          // came again under the same id: allowed
	RepeatedOtherID  uint64 `json:"repeated_other_id"` // came again under another id
	Retried          uint64 `json:"retried"`           // came for the first time on a later attempt
	RepeatedUnjudged uint64 `json:"repeated_unjudged"` // came again so late that the id could not be compared
	OutOfOrderShard  uint64 `json:"out_of_order_shard"`
	OutOfOrderGuild  uint64 `json:"out_of_order_guild"`
	GuildOrder       bool   `json:"guild_order"` // order is promised per guild only
	Misrouted        uint64 `json:"misrouted"`   // came for a shard that does not hold the guild
	Unknown          uint64 `json:"unknown"`     // with a number that was never given to a session
	Altered          uint64 `json:"altered"`     // came with other bytes than Discord sent, or under the id of another

	OddSamples []OddEvent `json:"odd_events,omitempty"` // the first 20 that came under another id, or out of order per guild

	Identifies      uint64            `json:"identifies"`       // sessions started
	Resumes         uint64            `json:"resumes"`          // sessions resumed
	ResumesRefused  uint64            `json:"resumes_refused"`  // with op 9
	InvalidSessions uint64            `json:"invalid_sessions"` // op 9 sent, for whatever reason
	Heartbeats      uint64            `json:"heartbeats"`
	HeartbeatLate   Millis            `json:"heartbeat_latest_ms"` // worst lateness of one, beyond the interval
	Violations      map[string]uint64 `json:"violations"`
	Latency         Latency           `json:"latency"`
}

// Millis is a duration that is written as a number of milliseconds.
type Millis time.Duration

// MarshalJSON writes milliseconds with up to three decimals.
func (m Millis) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(time.Duration(m).Microseconds())/1000, 'f', -1, 64), nil
}

// Latency is the time from an event's making to its first receipt.
type Latency struct {
	P50 Millis `json:"p50_ms"` // upper bound, a power of two
	P99 Millis `json:"p99_ms"`
	Max Millis `json:"max_ms"`
}

// LostEvent is an event that did not come.
type LostEvent struct {
	Number  uint64 `json:"n"`
	Type    string `json:"type,omitempty"` // empty if it is too old for details
	Guild   uint64 `json:"guild,omitempty"`
	AtMS    uint32 `json:"at_ms,omitempty"` // since the server's start
	Session string `json:"session,omitempty"`
	Shard   [2]int `json:"shard"` // of that session: id, total
	Seq     uint32 `json:"seq,omitempty"`
	State   string `json:"state,omitempty"` // of that session: connected, detached, or why it ended
}

// maxLostSamples bounds the list of lost events.
const maxLostSamples = 20

// OK reports whether nothing was lost, altered, repeated under another id, out of
// the promised order or misrouted, and no rule of Discord was broken. What is
// pending or forfeited does not count against it: look at the reasons.
func (r Report) OK() bool {
	order := r.OutOfOrderShard
	if r.GuildOrder {
		order = r.OutOfOrderGuild
	}
	return r.Lost == 0 && r.RepeatedOtherID == 0 && order == 0 && r.Misrouted == 0 &&
		r.Unknown == 0 && r.Altered == 0 && len(r.Violations) == 0
}

// Report judges what has happened so far. Ask when the traffic has stopped and
// the bot has had the time to drain ([Audit.AwaitSettled]), or everything on its
// way counts as lost.
func (a *Audit) Report() Report {
	var r Report
	now := a.complete(&r)
	a.mu.Lock()
	defer a.mu.Unlock()
	c := a.counts
	r.Issued, r.Unrouted, r.Optional, r.Withheld = c.issued, c.unrouted, c.optional, c.withheld
	r.WithheldByType = byType(&c.withheldOf)
	r.Forfeited = maps.Clone(c.forfeited)
	r.Expected, r.Received = c.owed, c.received
	for _, n := range c.forfeited {
		r.Expected -= n
	}
	r.Revived, r.Retried = c.revived, c.retried
	r.Expected += c.revived
	r.Repeated, r.RepeatedOtherID, r.RepeatedUnjudged = c.repeated, c.repeatedOther, c.repeatedUnjudged
	r.OutOfOrderShard, r.OutOfOrderGuild = c.outOfOrderShard, c.outOfOrderGuild
	r.GuildOrder, r.Misrouted, r.Unknown, r.Altered = a.perGuild, c.misrouted, c.unknown, c.altered
	r.OddSamples = slices.Clone(a.odd)
	r.Latency = Latency{
		Millis(a.latency.quantile(0.5)), Millis(a.latency.quantile(0.99)),
		Millis(time.Duration(a.latency.max) * time.Millisecond),
	}
	a.judgeMissing(&r, now)
	return r
}

// judgeMissing parts what is outstanding into pending and lost.
func (a *Audit) judgeMissing(r *Report, now situation) {
	a.ledger.missing(func(number uint64, rec *record) bool {
		switch {
		case now.pending[number]:
			r.Pending++
		case rec == nil:
			r.addLost(LostEvent{Number: number})
		default:
			birth := a.sessions[rec.session]
			r.addLost(LostEvent{
				Number: number, Type: rec.kind.String(), Guild: a.guildID(rec.guild), AtMS: rec.at,
				Session: birth.id, Shard: [2]int{birth.shard, birth.total}, Seq: rec.seq,
				State: now.state(birth.id),
			})
		}
		return true
	})
}

func (r *Report) addLost(e LostEvent) {
	r.Lost++
	if len(r.LostSamples) < maxLostSamples {
		r.LostSamples = append(r.LostSamples, e)
	}
}

// situation is what the server knows about its sessions when a report is made.
type situation struct {
	pending map[uint64]bool   // numbers of events that a session can still bring
	states  map[string]string // of sessions that live
}

// state says in words how a session stands.
func (s situation) state(id string) string {
	return orDefault(s.states[id], "ended")
}
