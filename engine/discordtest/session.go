package discordtest

import (
	"time"
)

// session is one gateway session: a position in the stream of events, which
// outlives its connections. All of it is guarded by the server's mutex.
type session struct {
	index        uint32 // in the audit
	id           string
	shard, total int
	intents      uint64
	version      int
	pack         bool   // Identify asked for payload compression
	ready        []byte // d of READY, while it can be replayed

	log       replayLog
	sent      int64 // highest seq handed to a connection
	confirmed int64 // highest seq its client proved to have
	numbers   []uint64
	// numbers are the events of seq confirmed+1 and later.

	conn       *conn     // nil while detached
	detachedAt time.Time // zero while attached
	ended      string    // why; empty while it lives

	first     int             // lowest guild of the shard, -1 for none
	loaded    int             // guilds of the shard that have had their backfill
	atReady   int             // guilds of the world when READY was made
	ahead     map[uint32]bool // guilds that came before their turn: the bot joined them
	lacks     map[uint32]bool // guilds that are withheld from it
	backfill  float64
	delivered uint64 // frames written, replays included

	presence   string // that Identify or op 3 set last, as JSON; empty for none
	presences  [presencesPerSpan]time.Time
	nextUpdate int      // of presences
	handover   handover // since an op 7
}

// alive reports whether the session may receive events.
func (s *session) alive() bool { return s.ended == "" }

// seq is the highest seq given out.
func (s *session) seq() int64 { return s.log.last() }

// holds reports whether a guild, which must be of the session's shard, has come
// up in its backfill, or ahead of that. Before, Discord sends nothing about it.
func (s *session) holds(guild uint32) bool {
	if s.lacks[guild] {
		return false
	}
	return guild == noGuild || int(guild)/s.total < s.loaded || s.ahead[guild]
}

// loading reports whether backfill is still to come.
func (s *session) loading(guilds int) bool {
	return s.first >= 0 && s.first+s.loaded*s.total < guilds
}

// allows reports whether the session's intents let a kind through.
func (s *session) allows(k kind) bool {
	need := kindTable[k].intent
	return need == 0 || s.intents&need != 0
}

// append gives an event the next seq.
func (s *session) append(e entry) int64 {
	s.numbers = append(s.numbers, e.number)
	return s.log.append(e)
}

// confirm takes note that the client has everything up to seq.
func (s *session) confirm(seq int64) {
	if seq <= s.confirmed || seq > s.seq() {
		return
	}
	s.numbers = s.numbers[seq-s.confirmed:]
	s.confirmed = seq
}

// trim drops what need not be kept for a RESUME.
func (s *session) trim(keep int) {
	s.log.trim(keep, s.sent)
	if !s.log.reaches(0) {
		s.ready = nil
	}
}

// unconfirmed are the numbers of events that the client may not have; 0 stands
// for READY and RESUMED.
func (s *session) unconfirmed() []uint64 { return s.numbers }

// replayLog holds a session's latest events, without gaps.
type replayLog struct {
	entries []entry
	head    int   // of entries
	base    int64 // seq of entries[head]; the first seq of a session is 1
}

func newReplayLog() replayLog { return replayLog{base: 1} }

// last is the highest seq in the log, or the one before its first.
func (l *replayLog) last() int64 { return l.base + int64(len(l.entries)-l.head) - 1 }

func (l *replayLog) append(e entry) int64 {
	l.entries = append(l.entries, e)
	return l.last()
}

// from copies the entries that follow a seq, as many as fit.
func (l *replayLog) from(after int64, into []entry) []entry {
	at := l.head + int(after+1-l.base)
	return append(into, l.entries[at:min(len(l.entries), at+cap(into)-len(into))]...)
}

// at is the entry of a seq, if the log still holds it.
func (l *replayLog) at(seq int64) (entry, bool) {
	if seq < l.base || seq > l.last() {
		return entry{}, false
	}
	return l.entries[l.head+int(seq-l.base)], true
}

// reaches reports whether the log can replay everything after a seq.
func (l *replayLog) reaches(after int64) bool { return after+1 >= l.base }

// trim drops the oldest entries but keep, and those above seq, and returns the
// number of entries that are left.
func (l *replayLog) trim(keep int, seq int64) {
	drop := len(l.entries) - l.head - keep
	if most := int(seq - l.base + 1); drop > most {
		drop = most
	}
	if drop <= 0 {
		return
	}
	l.head += drop
	l.base += int64(drop)
	if l.head > len(l.entries)/2 && l.head > 256 {
		n := copy(l.entries, l.entries[l.head:])
		l.entries = l.entries[:n]
		l.head = 0
	}
}
