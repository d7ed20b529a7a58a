package shard

import (
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// spare is the replacement of a connection that Discord wants to be rid of. It
// is opened while the old one still brings events, and takes over with its Hello.
type spare struct {
	stage    spareStage
	why      string // it is needed
	onResume bool   // it is dialled to the session's own URL
	failures int    // in a row
}

type spareStage uint8

const (
	spareNone spareStage = iota
	spareDialling
	spareOpen    // waits for Hello
	spareWaiting // for its next dial
)

// replace begins to replace the connection, which stays in use until the
// replacement is there. Discord closes it some seconds after op 7.
func (m *Machine) replace(why string) {
	if m.spare.stage != spareNone {
		return
	}
	m.do(Effect{Kind: DoTell, Text: why + ": opening the replacement before this connection is closed"})
	m.spare = spare{why: why}
	m.dialSpare()
}

func (m *Machine) dialSpare() {
	var url string
	url, m.spare.onResume = m.target()
	m.spare.stage = spareDialling
	m.do(Effect{Kind: DoDialSpare, URL: url})
}

// ofSpare takes what happened to the replacement.
func (m *Machine) ofSpare(now time.Time, in Input) {
	if m.spare.stage != spareDialling && m.spare.stage != spareOpen {
		return
	}
	switch in.Kind {
	case InOpened:
		m.spare.stage = spareOpen
		m.do(Effect{Kind: DoSetTimer, Timer: TimerSpare, After: m.cfg.HelloTimeout})
	case InDialFailed:
		m.spareFailed(in.Err.Error())
	case InClosed:
		m.spareFailed(closeText(in.Close, discord.PolicyFor(in.Close.Code)))
	case InFrame:
		m.spareFrame(now, in.Frame)
	}
}

// spareFrame waits for Hello. Op 7 is legal in its place, and a host that sends
// it, or anything else that needs a session, is of no use.
func (m *Machine) spareFrame(now time.Time, f *discord.Frame) {
	switch f.Op {
	case discord.OpHello:
		interval, err := discord.DecodeHello(f.Data)
		if err != nil {
			m.spareUseless(err.Error())
			return
		}
		m.promote(now, interval)
	case discord.OpReconnect, discord.OpInvalidSession:
		m.spareUseless("the replacement was answered with " + f.Op.String())
	}
}

// promote lets the replacement take over: the old connection is closed, and the
// session resumed behind the last event that came on it.
func (m *Machine) promote(now time.Time, interval time.Duration) {
	why := m.spare.why
	m.onResume = m.spare.onResume
	m.failures = 0 // the old one had held
	m.spare = spare{}
	m.do(Effect{Kind: DoStopTimer, Timer: TimerSpare})
	m.unprobe()
	m.counts.Reconnects++
	m.lastClose = ops.Close{At: now, Code: discord.CloseKeepSession, ByUs: true, Meaning: why}
	m.do(Effect{Kind: DoPromote, Code: discord.CloseKeepSession, Text: why})
	m.open, m.beat = true, beat{}
	m.begin(now, interval, why+", the replacement is open")
}

// adopt goes on with the replacement if the connection that it was meant for has
// ended first, or is closed with the code because it is dead, and reports whether
// there was one.
func (m *Machine) adopt(now time.Time, code int, why string) bool {
	stage := m.spare.stage
	if stage != spareDialling && stage != spareOpen {
		return false
	}
	m.onResume = m.spare.onResume
	m.failures = 0
	m.spare = spare{}
	m.do(Effect{Kind: DoStopTimer, Timer: TimerSpare})
	m.release()
	m.do(Effect{Kind: DoPromote, Code: code, Text: why})
	m.enter(now, ops.ShardConnecting, why+", its replacement is on its way")
	if stage == spareOpen {
		m.opened()
	}
	return true
}

// spareDue dials anew, or gives up a host that does not greet in time. A dial has
// a time limit of its own, which begins when its turn has come.
func (m *Machine) spareDue() {
	switch m.spare.stage {
	case spareWaiting:
		m.dialSpare()
	case spareOpen:
		m.spareUseless("no Hello on the replacement within " + m.cfg.HelloTimeout.String())
	}
}

func (m *Machine) spareUseless(why string) {
	m.do(Effect{Kind: DoCloseSpare, Code: discord.CloseKeepSession, Text: why})
	m.spareFailed(why)
}

// spareFailed waits and tries again: as long as the old connection brings events
// nothing is lost by it. A resume host that fails so loses its credit, and the
// session does not.
func (m *Machine) spareFailed(why string) {
	if m.spare.onResume {
		m.resumes = min(m.resumes+1, resumeURLAttempts)
	}
	span := min(m.cfg.BackoffBase<<min(m.spare.failures, 16), m.cfg.BackoffMax)
	m.spare.failures++
	m.spare.stage = spareWaiting
	m.do(Effect{Kind: DoTell, Text: "the replacement failed, the old connection stays in use: " + why})
	m.do(Effect{Kind: DoSetTimer, Timer: TimerSpare, After: span/2 + time.Duration(m.cfg.Random()*float64(span/2))})
}

// dropSpare gives up the replacement with the connection that it was meant for.
func (m *Machine) dropSpare() {
	switch m.spare.stage {
	case spareNone:
		return
	case spareDialling, spareOpen:
		m.do(Effect{Kind: DoCloseSpare, Code: discord.CloseKeepSession, Text: "not needed any more"})
	}
	m.do(Effect{Kind: DoStopTimer, Timer: TimerSpare})
	m.spare = spare{}
}
