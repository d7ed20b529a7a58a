package discordtest

// The codes with which Discord closes a connection (Discord docs, Opcodes and
// status codes: gateway close event codes).
const (
	closeUnknown        = 4000
	closeUnknownOpcode  = 4001
	closeDecode         = 4002
	closeNotAuthed      = 4003
	closeAuthFailed     = 4004
	closeAlreadyAuthed  = 4005
	closeInvalidSeq     = 4007
	closeRateLimited    = 4008
	closeInvalidShard   = 4010
	closeShardingNeeded = 4011
	closeInvalidVersion = 4012
	closeInvalidIntents = 4013
	closeDisallowed     = 4014
	closeNormal         = 1000
	closeGoingAway      = 1001
)

// Kinds of violations, the keys of [Stats].Violations. Each is something that a
// correct client never does.
const (
	ViolationAuth           = "authentication_failed"   // 4004
	ViolationNotAuthed      = "not_authenticated"       // 4003: anything but a heartbeat before Identify
	ViolationAlreadyAuthed  = "already_authenticated"   // 4005
	ViolationDecode         = "decode_error"            // 4002
	ViolationTooLong        = "payload_too_long"        // 4002: more than 4096 bytes
	ViolationOpcode         = "unknown_opcode"          // 4001
	ViolationBeforeReady    = "command_before_ready"    // sent before READY was
	ViolationWrongShard     = "wrong_shard"             // a command about a guild of another shard: not answered
	ViolationPresenceRate   = "presence_rate"           // more than 5 op 3 in 20 s
	ViolationSendRate       = "send_rate"               // 4008: more than 120 sends in 60 s
	ViolationVersion        = "invalid_version"         // 4012
	ViolationShard          = "invalid_shard"           // 4010
	ViolationSharding       = "sharding_required"       // 4011, unless the bot has joined guilds since the start
	ViolationIntents        = "invalid_intents"         // 4013
	ViolationDisallowed     = "disallowed_intents"      // 4014
	ViolationSeq            = "invalid_seq"             // 4007
	ViolationIdentifyFast   = "identify_too_fast"       // op 9: sooner than 5 s in its bucket
	ViolationSessionStarts  = "session_starts_used_up"  // token reset
	ViolationThreshold      = "invalid_large_threshold" // 4002
	ViolationProperties     = "missing_properties"      // 4002
	ViolationHeartbeatLate  = "heartbeat_late"          // closed with 4000
	ViolationHeartbeatFlood = "heartbeat_flood"         // five and more in one interval, unasked
	ViolationHeartbeatSeq   = "heartbeat_bad_seq"
	ViolationProbe          = "probe_unanswered"  // op 1 not answered within the tolerance
	ViolationREST           = "rest_unauthorized" // 401
)
