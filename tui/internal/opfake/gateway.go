package opfake

import (
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// The scenes of the gateway. The queue is well in all of them.
const (
	SceneStorm   Scene = "storm"   // sessions are lost, and the reserve comes near
	SceneBreaker Scene = "breaker" // the breaker has stopped the identifies
	SceneSilent  Scene = "silent"  // shards that owe an ACK, are probed, replaced, or have much to send
	SceneAsks    Scene = "asks"    // the bot sends commands for Discord
)

// GatewayScenes lists the scenes of the gateway.
func GatewayScenes() []Scene { return []Scene{SceneStorm, SceneBreaker, SceneSilent, SceneAsks} }

// playGateway puts a scene in the place of what the snapshot says about the
// gateway.
func (o *Operator) playGateway(s *ops.Snapshot, now time.Time) {
	switch o.Scene {
	case SceneStorm:
		storm(s, now)
	case SceneBreaker:
		storm(s, now)
		breaker(s, now)
	case SceneSilent:
		silent(s, now)
	case SceneAsks:
		s.Sinks[0].Asked, s.Sinks[0].Unsent = 412, 7
		s.Commands = ops.Commands{Sent: 1645, Refused: 10, Waiting: 5, Asked: 2}
		for id := range min(2, len(s.Shards)) {
			s.Shards[id].Outbox, s.Shards[id].Sends = 2+id, 41+70*id
		}
	}
}

// storm is a fleet that loses a session every fifteen seconds.
func storm(s *ops.Snapshot, now time.Time) {
	i := &s.Identify
	i.Remaining, i.ResetAt = 412, now.Add(9*time.Hour+12*time.Minute)
	i.ToldAt, i.Spent, i.LastHour, i.Sent, i.Rejected = now.Add(-38*time.Minute), 148, 231, 561, 14
	i.RunsOutAt = now.Add(81 * time.Minute)
	lose(s, now, ops.ShardQueued, 12)
	i.Waiting, i.NextAt = 12, now.Add(2*time.Second)
	i.Buckets = nil
	for id := range min(12, len(s.Shards)) {
		b := ops.Bucket{Key: id % i.MaxConcurrency, Waiting: 1, OpenAt: now.Add(time.Duration(2+id%4) * time.Second)}
		if id%5 == 3 {
			b.Refused, b.OpenAt = 3, now.Add(40*time.Second)
		}
		i.Buckets = append(i.Buckets, b)
	}
}

// breaker is what becomes of the storm.
func breaker(s *ops.Snapshot, now time.Time) {
	i := &s.Identify
	i.Remaining, i.Spent, i.LastHour, i.Sent, i.RunsOutAt = 131, 429, 290, 842, time.Time{}
	i.NextAt = time.Time{}
	i.Breaker = ops.Breaker{Open: true, Since: now.Add(-12 * time.Minute), Trips: 2,
		Why: "12 shards identified 31 times again within 7 min, and at this pace none of the 131 identifies left would remain when Discord " +
			"resets the budget in 9 h 12 min (reserve 100): look why sessions die (Discord's status? two processes with one token?), " +
			"then allow identifies again"}
	s.Alerts = append(s.Alerts, ops.Alert{ID: "identify/breaker", Level: ops.AlertCritical, Since: i.Breaker.Since, Shard: -1,
		Text: "identifies are stopped, 12 shards wait: " + i.Breaker.Why})
}

// lose takes the sessions of the first n shards.
func lose(s *ops.Snapshot, now time.Time, state ops.ShardState, n int) {
	for id := range min(n, len(s.Shards)) {
		sh := &s.Shards[id]
		s.Fleet.ByState[sh.State]--
		s.Fleet.ByState[state]++
		sh.State, sh.Since, sh.Latency, sh.Rate = state, now.Add(-14*time.Second), 0, 0
		sh.SessionSince, sh.Seq, sh.Identifies = time.Time{}, 0, 9
		sh.LastClose = ops.Close{At: sh.Since, Meaning: "op 9: the session is gone"}
	}
}

// silent puts a shard of each kind at the beginning of the fleet.
func silent(s *ops.Snapshot, now time.Time) {
	for id := range min(5, len(s.Shards)) {
		sh := &s.Shards[id]
		switch id {
		case 0: // it owes an ACK
			sh.Latency, sh.LastACK = 0, now.Add(-48*time.Second)
		case 1: // it acknowledges, but brings nothing
			sh.LastEvent, sh.ProbeAt = now.Add(-302*time.Second), now.Add(-3*time.Second)
			sh.Rate, sh.Probes, sh.Deaf = 0, 3, 1
		case 2: // Discord wants it elsewhere
			sh.Replacing = true
		case 3: // it has much to send
			sh.Outbox, sh.Sends = 3, 112
		case 4: // just connected
			sh.Latency, sh.LastACK, sh.Since = 0, now.Add(-70*time.Second), now.Add(-8*time.Second)
			sh.Quiet, sh.LastEvent = 0, now.Add(-2*time.Second)
		}
	}
	s.Commands.Waiting = 3
}
