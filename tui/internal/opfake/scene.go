package opfake

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// Scene is a state of the queue, or of the gateway.
type Scene string

// The scenes of the queue, in which the shards are well. The zero Scene leaves the queue to [Operator.Calm].
const (
	SceneHealthy Scene = "healthy" // nothing waits
	SceneDown    Scene = "down"    // the bot is down, the queue grows on disk
	SceneBack    Scene = "back"    // it is up again and takes the backlog
	SceneFault   Scene = "fault"   // and the disk takes nothing
	SceneFull    Scene = "full"    // the queue has reached its bound and drops
	SceneOrphan  Scene = "orphan"  // a sink has been taken out of the configuration
	SceneLetters Scene = "letters" // the bot has refused events
	SceneDrain   Scene = "drain"   // a drain is under way
	SceneMemory  Scene = "memory"  // the bot is down, and there is no disk
)

// Scenes lists the scenes of the queue.
func Scenes() []Scene {
	return []Scene{SceneHealthy, SceneDown, SceneBack, SceneFault, SceneFull, SceneOrphan, SceneLetters, SceneDrain, SceneMemory}
}

// eventSize is how many bytes an event takes in the queue.
const eventSize = 1200

// store is the disk in good order, with depth events waiting on it.
func store(depth int) ops.Store {
	return ops.Store{
		OnDisk: true, Dir: "/var/lib/gatehouse/queue",
		Bytes: int64(depth) * eventSize, MaxBytes: 4 << 30, Memory: int64(depth) * eventSize / 20, MaxMemory: 256 << 20,
		Disk: int64(depth) * eventSize, Files: (depth + 3999) / 4000, Written: uint64(depth) * eventSize * 2, Read: uint64(depth) * eventSize,
		Slowest: 12 * time.Millisecond,
	}
}

// play puts a scene in the place of what the snapshot says about the queue.
func (o *Operator) play(s *ops.Snapshot, now time.Time) {
	s.KeepsSessions = true
	bot := &s.Sinks[0]
	bot.State, bot.Depth, bot.Lag, bot.Rate = ops.SinkOK, 3, 4*time.Millisecond, s.Traffic.Rate
	switch o.Scene {
	case SceneDown, SceneFault, SceneFull, SceneMemory:
		o.playDown(s, now)
	case SceneBack:
		backlog(s, bot, 1_053_000, 41*time.Minute)
		bot.Rate, bot.Drain, bot.ETA, bot.Early = 8841, 8100, 130*time.Second, 42
	case SceneOrphan:
		s.Sinks = append(s.Sinks, ops.Sink{Name: "old-bot", Kind: "http", Orphan: true, Depth: 12_420, Lag: 26 * time.Hour})
		s.Store = store(12_420)
	case SceneLetters:
		bot.State, bot.LastError, bot.LastErrorAt = ops.SinkRejecting, "400 Bad Request", now.Add(-4*time.Second)
		bot.Depth, bot.Lag, bot.Buried, bot.Letters = 210, 5*time.Second, 14, letters
		bot.Drain, bot.Rate, bot.Late, bot.Expired = 0, 640, 9, 1
	case SceneDrain:
		s.Phase = ops.PhaseDraining
		backlog(s, bot, 96_400, 11*time.Minute)
		bot.Rate, bot.Drain, bot.ETA = 8130, 8130, 12*time.Second
		o.closeShards(s)
	}
	o.playGateway(s, now)
	o.playPipeline(s, now)
	o.curves(s)
}

// playDown is a bot that has not answered for 41 minutes.
func (o *Operator) playDown(s *ops.Snapshot, now time.Time) {
	bot := &s.Sinks[0]
	backlog(s, bot, 1_822_000, 41*time.Minute)
	bot.State, bot.Since, bot.NextTry = ops.SinkRetrying, now.Add(-41*time.Minute), now.Add(8*time.Second)
	bot.LastError, bot.LastErrorAt = "connect to 127.0.0.1:8080: connection refused", now.Add(-2*time.Second)
	bot.Rate, bot.InFlight, bot.Retries, bot.Drain, bot.P50, bot.P99 = 0, 1, 166, -741, 0, 0
	s.Alerts = []ops.Alert{{ID: "sink/bot/retrying", Level: ops.AlertWarn, Since: bot.Since, Shard: -1, Sink: "bot",
		Text: "sink bot refuses connections, 1.8M events wait: is the bot running at http://127.0.0.1:8080/discord?"}}
	switch o.Scene {
	case SceneFault:
		s.Store.Fault, s.Store.FaultSince = "write chunk: no space left on device", now.Add(-192*time.Second)
		s.Store.Memory, s.Store.Busy = 141<<20, 0
		s.Alerts = append(s.Alerts, ops.Alert{ID: "queue/disk", Level: ops.AlertCritical, Since: s.Store.FaultSince, Shard: -1,
			Text: "the queue's disk takes nothing: no space left on device. Make room in /var/lib/gatehouse/queue"})
	case SceneFull:
		s.Store.Bytes, s.Store.Disk, s.Store.Busy = 4<<30, 4<<30-1<<20, 4200*time.Millisecond
		bot.Drain, bot.Dropped, bot.Gaps, bot.Expired = 0, 48_211, 3, 17
	case SceneMemory:
		s.Store = ops.Store{Bytes: 92 << 20, MaxBytes: 256 << 20, Memory: 92 << 20, MaxMemory: 256 << 20}
		bot.Depth = int(s.Store.Bytes / eventSize)
	}
	share(s, bot.Depth)
}

// backlog puts depth events before a sink, on disk.
func backlog(s *ops.Snapshot, bot *ops.Sink, depth int, lag time.Duration) {
	bot.Depth, bot.Lag = depth, lag
	s.Store = store(depth)
	share(s, depth)
}

// share divides what is queued among the workers.
func share(s *ops.Snapshot, depth int) {
	n := len(s.Workers)
	for i := range s.Workers {
		q := &s.Workers[i].Queue
		q.Depth = depth / n
		q.Bytes, q.Memory, q.Disk = s.Store.Bytes/int64(n), s.Store.Memory/int64(n), s.Store.Disk/int64(n)
		q.Files, q.MaxBytes = s.Store.Files/n, s.Store.MaxBytes
	}
}

// closeShards stops the fleet, as a drain does.
func (o *Operator) closeShards(s *ops.Snapshot) {
	s.Fleet.ByState = [ops.ShardFailed + 1]int{ops.ShardStopped: len(s.Shards)}
	for i := range s.Shards {
		s.Shards[i].State, s.Shards[i].Rate = ops.ShardStopped, 0
	}
	s.Traffic.Rate = 0
}

// curves lets depth and lag lead to where they are now.
func (o *Operator) curves(s *ops.Snapshot) {
	bot := &s.Sinks[0]
	s.Traffic.Depth, s.Traffic.Lag = bot.Depth, bot.Lag
	for i := range s.Traffic.DepthPerSecond {
		back := float64(299-i) * bot.Drain
		s.Traffic.DepthPerSecond[i] = max(0, float64(bot.Depth)+back)
		s.Traffic.LagPerSecond[i] = max(0, bot.Lag.Seconds()+back*bot.Lag.Seconds()/float64(max(bot.Depth, 1)))
	}
}

// letters is how many dead letters [SceneLetters] has.
const letters = 12

// deadLetters are those of the bot, oldest first.
func (o *Operator) deadLetters(now time.Time) []ops.DeadLetter {
	types := []string{"MESSAGE_CREATE", "GUILD_SCHEDULED_EVENT_USER_ADD", "INTERACTION_CREATE"}
	var out []ops.DeadLetter
	for i := range letters {
		d := ops.DeadLetter{
			Sink: "bot", At: now.Add(time.Duration(i-letters) * 7 * time.Minute), Type: types[i%3], Shard: i * 5 % max(o.Shards, 1),
			ID: fmt.Sprintf("5f1c-%d-%d", i*5, 4000+i), Reason: `400 Bad Request after 5 attempts: {"error":"cannot read properties of undefined (reading 'member')"}`,
		}
		content := strconv.Quote(strings.Repeat("all the world's a stage, and all the men and women merely players; ", 6))
		d.Event = json.RawMessage(`{"id":"` + d.ID + `","shardId":` + strconv.Itoa(d.Shard) + `,"data":{"op":0,"t":"` + d.Type +
			`","s":` + strconv.Itoa(4000+i) + `,"d":{"id":"1187","content":` + content + `,"embeds":[],"flags":0,"mentions":[],` +
			`"author":{"id":"8138","username":"ann","bot":false},"guild_id":"81384788765712384","channel_id":"81384788765712385",` +
			`"timestamp":"2026-11-22T03:04:05.006Z","edited_timestamp":null,"tts":false,"pinned":false,"type":0}}}`)
		out = append(out, d)
	}
	return out
}
