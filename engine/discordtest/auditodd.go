package discordtest

import "fmt"

// OddEvent is one that came in a way in which it should not have.
type OddEvent struct {
	What   string `json:"what"` // is odd about it
	Number uint64 `json:"n"`
	After  uint64 `json:"after,omitempty"` // number of a later one of its guild that had come
	Type   string `json:"type"`
	Guild  uint64 `json:"guild"`
	ID     string `json:"id"`
	Shard  [2]int `json:"shard"`     // that it came for: id, total
	MadeMS uint32 `json:"made_ms"`   // when it happened, since the server's start
	CameMS uint32 `json:"came_ms"`   // when it came
	First  string `json:"first_put"` // shard and total of the session it was put in first
}

// maxOddSamples bounds the list of odd events.
const maxOddSamples = 20

// sample keeps one of the first odd events. The audit's mutex is held.
func (a *Audit) sample(what string, o Observation, r record, after uint64) {
	if len(a.odd) == maxOddSamples {
		return
	}
	first := ""
	if int(r.session) < len(a.sessions) {
		birth := a.sessions[r.session]
		first = fmt.Sprintf("%d of %d", birth.shard, birth.total)
	}
	a.odd = append(a.odd, OddEvent{
		What: what, Number: o.Number, After: after, Type: r.kind.String(), Guild: a.guildID(r.guild), ID: o.ID,
		Shard: [2]int{o.Shard, o.Shards}, MadeMS: r.at, CameMS: a.now(), First: first,
	})
}
