package discord

import "slices"

// Trouble is what can happen to a shard beside a close code, and what is done
// about it. The texts are for people.
type Trouble struct {
	Name    string // what happens
	Meaning string
	Action  string // what the shard does
}

// troubles is the one table of what is not a close code (Discord docs, Gateway:
// connection lifecycle). The state machine's stories tell each of its rows.
var troubles = [...]Trouble{
	{"op 1 from Discord", "Discord asks for a heartbeat", "one is sent at once; the timer stays as it is"},
	{"op 7, the connection had held", "Discord wants to be rid of the connection",
		"a second connection is opened while events go on coming on the first; with its Hello the first is closed (4000) and the session resumed"},
	{"op 7, Discord closes first", "the second connection is not open yet", "it goes on as the only one, and the session is resumed on it"},
	{"op 7, the second connection fails", "the first still brings events",
		"it is tried again behind a back-off, on the main URL after three attempts; the first stays in use until Discord closes it"},
	{"op 7 again and again, or in place of Hello", "Discord's hosts are being restarted", "the session is resumed behind the back-off"},
	{"op 9 to an Identify", "the bucket's window is not over, perhaps because of another process",
		"the bucket waits, longer each time, and the shard identifies on the same connection"},
	{"op 9 false", "the session is gone", "the connection is closed, a new session is identified on the main URL"},
	{"op 9 true", "the session can still be resumed", "it is resumed on a new connection"},
	{"no ACK", "a heartbeat was not acknowledged before the next was due: the connection is dead", "it is closed (4000), the session resumed"},
	{"no Hello within 20 s", "the host does not greet", "the connection is closed, the next is tried behind the back-off"},
	{"no READY", "Discord is slow to answer an Identify, as in an outage", "heartbeats go on and the shard waits; an alert after a minute"},
	{"no answer to a RESUME", "heartbeats are acknowledged, and nothing else comes for two minutes", "the connection is closed (4000), the session resumed again"},
	{"the resume URL is dead", "it refuses, hangs, answers the upgrade with an error, or fails in TLS",
		"three dials to it, then the same session on the main URL; after three RESUMEs that end there as well, a new session. Dials that nobody answers cost no session"},
	{"heartbeats are acknowledged, and no events come", "the session may have gone deaf, or nothing happens",
		"beyond four times the shard's longest usual gap, or an hour if that is not known, Discord is asked for one member of one guild; only if that stays unanswered is the session resumed"},
	{"a frame that cannot be read", "something between here and Discord changes traffic", "the connection is closed (4000), the session resumed: Discord sends it again"},
	{"an unknown opcode, event or field", "Discord adds to its protocol without notice", "events are delivered as they are, opcodes are ignored"},
}

// Troubles lists what can happen beside close codes; see [ClosePolicies].
func Troubles() []Trouble { return slices.Clone(troubles[:]) }
