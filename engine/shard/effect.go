package shard

import (
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// EffectKind names what a machine asks its runner to do.
type EffectKind uint8

// The effects.
const (
	DoDial        EffectKind = iota + 1 // open a connection to URL
	DoClose                             // close the connection, or give up the dial: Code, Text
	DoHeartbeat                         // send op 1 with Seq
	DoIdentify                          // send op 2, and report the slot as spent
	DoResume                            // send op 6 for Session at Seq
	DoSetTimer                          // arm Timer for After
	DoStopTimer                         // disarm Timer
	DoAcquireSlot                       // queue for an identify; InSlot follows
	DoDropSlot                          // leave the identify queue
	DoRejectSlot                        // Discord refused the identify: back off
	DoConfirmSlot                       // Discord took the identify
	DoDeliver                           // the frame of this step is an event of the session
	DoReady                             // a new session began: Ready
	DoState                             // the state changed: From, To, Text
	DoDialSpare                         // open a second connection, to URL, beside the present one
	DoPromote                           // the second connection, or its dial, takes the place of the first, which is closed: Code, Text
	DoCloseSpare                        // give up the second connection or its dial: Code, Text
	DoProbe                             // ask Discord for a sign of life
	DoTell                              // log Text
)

// Effect is one thing to do. Which fields count depends on the kind.
type Effect struct {
	Kind     EffectKind
	URL      string
	Code     int
	Text     string
	Seq      int64
	Session  string
	Timer    TimerKind
	After    time.Duration
	Ready    *discord.Ready
	From, To ops.ShardState
}
