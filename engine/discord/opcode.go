package discord

import "strconv"

// Opcode is the `op` of a gateway frame.
type Opcode int

// The opcodes that a bot meets (Discord docs, Opcodes and status codes).
const (
	OpDispatch            Opcode = 0
	OpHeartbeat           Opcode = 1
	OpIdentify            Opcode = 2
	OpPresenceUpdate      Opcode = 3
	OpVoiceStateUpdate    Opcode = 4
	OpResume              Opcode = 6
	OpReconnect           Opcode = 7
	OpRequestGuildMembers Opcode = 8
	OpInvalidSession      Opcode = 9
	OpHello               Opcode = 10
	OpHeartbeatACK        Opcode = 11
	OpRequestSoundboard   Opcode = 31
	OpRequestChannelInfo  Opcode = 43
)

var opcodeNames = map[Opcode]string{
	OpDispatch:            "dispatch",
	OpHeartbeat:           "heartbeat",
	OpIdentify:            "identify",
	OpPresenceUpdate:      "presence update",
	OpVoiceStateUpdate:    "voice state update",
	OpResume:              "resume",
	OpReconnect:           "reconnect",
	OpRequestGuildMembers: "request guild members",
	OpInvalidSession:      "invalid session",
	OpHello:               "hello",
	OpHeartbeatACK:        "heartbeat ack",
	OpRequestSoundboard:   "request soundboard sounds",
	OpRequestChannelInfo:  "request channel info",
}

// String is the opcode's name, or "op N" for one that is not in the docs.
func (o Opcode) String() string {
	if name, ok := opcodeNames[o]; ok {
		return name
	}
	return "op " + strconv.Itoa(int(o))
}
