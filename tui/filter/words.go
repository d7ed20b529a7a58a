package filter

import "github.com/gatehouse-gateway/gatehouse/engine/ops"

// Word is a term, or the beginning of one, for those who do not know them.
type Word struct {
	Text string // ends in : < or > if something must follow
	Note string // what it picks
}

// Words are the terms that a filter can have.
func Words() []Word {
	words := []Word{{"!ready", "all that are not ready"}}
	for _, state := range ops.ShardStates() {
		words = append(words, Word{"state:" + state.String(), "those in this state"})
	}
	return append(words, []Word{
		{"id:", "by id: 7 or 0-63,70"},
		{"worker:", "by worker: 3 or 0-2"},
		{"lat>", "heartbeat latency: 200 (ms) or 1.5s"},
		{"ack>", "time since the last ACK: 30s"},
		{"quiet>", "time since the last event: 2m"},
		{"since<", "time since the last change of state: 5m"},
		{"rate>", "events a second"},
		{"rate<", "events a second"},
		{"events>", "events since start"},
		{"guilds>", "guilds"},
		{"unavailable>", "guilds that are unavailable"},
		{"loading>", "guilds that have not come yet"},
		{"reconnects>", "connections made again"},
		{"resumes>", "sessions resumed"},
		{"identifies>", "session starts spent"},
		{"outbox>", "commands that wait to be sent"},
		{"sends>", "frames sent in the last minute"},
		{"deaf>", "probes that were not answered"},
	}...)
}
