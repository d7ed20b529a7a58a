package opfake

import (
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// The scenes of the pipeline: workers, rules, filter, guilds and hooks. The
// gateway is well in all of them.
const (
	SceneWorkers Scene = "workers" // one worker lags behind, another has shards in trouble
	SceneRules   Scene = "rules"   // sinks with rules, one of which cannot judge
	SceneLoading Scene = "loading" // guilds are on their way
	SceneMissed  Scene = "missed"  // some did not come in time
	SceneLoaded  Scene = "loaded"  // they have just come
	SceneHooks   Scene = "hooks"   // a hook has panicked, and the filter is off
)

// PipelineScenes lists the scenes of the pipeline.
func PipelineScenes() []Scene {
	return []Scene{SceneWorkers, SceneRules, SceneLoading, SceneMissed, SceneLoaded, SceneHooks}
}

// figureWorkers gives each worker what its shards do.
func (o *Operator) figureWorkers(s *ops.Snapshot) {
	s.Fleet.Placement = "contiguous"
	for i := range s.Workers {
		w := &s.Workers[i]
		for _, id := range w.Shards {
			sh := &s.Shards[id]
			w.ByState[sh.State]++
			w.Guilds += sh.Guilds
			w.Events += sh.Events
			w.Rate += sh.Rate
		}
		w.Bytes = w.Rate * eventSize
		if s.Traffic.Rate > 0 {
			w.Share = w.Rate / s.Traffic.Rate
		}
		w.Lag = time.Duration(w.Queue.Depth) * time.Millisecond
		w.Queue.AppendRate = w.Rate
	}
}

// filtered is a filter that works.
func filtered(s *ops.Snapshot) {
	seen := s.Traffic.Events / 11
	s.Filter = ops.Filter{On: true, Seen: seen, Dropped: seen * 62 / 100, Bytes: seen * 62 / 100 * 2100, Known: 100_000, Capacity: 100_000}
	for _, t := range []struct {
		name string
		part float64
		size uint64
	}{{"PRESENCE_UPDATE", .38, 310}, {"MESSAGE_CREATE", .24, 1650}, {"TYPING_START", .12, 480}, {"MESSAGE_UPDATE", .09, 2100},
		{"MESSAGE_REACTION_ADD", .06, 700}, {"VOICE_STATE_UPDATE", .04, 820}, {"GUILD_MEMBER_UPDATE", .03, 900},
		{"MESSAGE_DELETE", .02, 190}, {"INTERACTION_CREATE", .01, 3100}, {"GUILD_CREATE", .002, 41_000}} {
		n := uint64(float64(s.Traffic.Events) * t.part)
		s.Traffic.Types = append(s.Traffic.Types, ops.TypeCount{Type: t.name, Count: n, Bytes: n * t.size, Rate: s.Traffic.Rate * t.part})
	}
	busyGuilds(s)
}

// busyGuilds are a few that stand out.
func busyGuilds(s *ops.Snapshot) {
	for i := range min(12, len(s.Shards)) {
		s.Traffic.Guilds = append(s.Traffic.Guilds, ops.GuildCount{
			Guild: 81384788765712384 + uint64(i)<<30, Shard: s.Shards[i].ID, Count: uint64(4200 / (i + 1)), Bytes: uint64(4200/(i+1)) * eventSize,
		})
	}
}

// playPipeline puts a scene in the place of what the snapshot says about the pipeline.
func (o *Operator) playPipeline(s *ops.Snapshot, now time.Time) {
	switch o.Scene {
	case SceneWorkers:
		slowWorker(s, now)
	case SceneRules:
		withRules(s)
	case SceneLoading, SceneMissed, SceneLoaded:
		o.loadScene(s, now)
	case SceneHooks:
		s.Filter = ops.Filter{Why: "the intents leave MESSAGE_CONTENT out: without content no edit can be told from an unfurled link", Capacity: 100_000}
		s.Fleet.Placement = "hook"
		s.Hooks = []ops.Hook{
			{Name: "dispatch", Calls: 1_204_112, Panics: 3, Last: "assignment to entry in nil map", LastAt: now.Add(-48 * time.Second),
				LastWhen: "MESSAGE_CREATE of shard 4"},
			{Name: "place", Calls: 32},
		}
	}
}

// slowWorker lets the second worker lag, and takes two shards of the last one.
func slowWorker(s *ops.Snapshot, now time.Time) {
	if len(s.Workers) < 2 {
		return
	}
	w := &s.Workers[1]
	w.Lag, w.Queue.Depth, w.Queue.Bytes = 44*time.Second, 18_204, 18_204*eventSize
	w.Queue.Memory, w.Queue.Disk, w.Queue.Files, w.Queue.OldestAt = 4<<20, 18_204*eventSize, 5, now.Add(-w.Lag)
	bot := &s.Sinks[0]
	bot.Depth, bot.Lag, bot.Drain = w.Queue.Depth+7, w.Lag, -120
	s.Store = store(bot.Depth)
	last := &s.Workers[len(s.Workers)-1]
	for n, id := range last.Shards[:min(2, len(last.Shards))] {
		state := []ops.ShardState{ops.ShardFailed, ops.ShardResuming}[n]
		sh := &s.Shards[id]
		last.ByState[sh.State]--
		s.Fleet.ByState[sh.State]--
		last.ByState[state]++
		s.Fleet.ByState[state]++
		sh.State = state
		if state == ops.ShardFailed {
			o := Operator{}
			o.trouble(sh, now)
		}
	}
}

// withRules gives the sinks rules.
func withRules(s *ops.Snapshot) {
	bot := &s.Sinks[0]
	bot.Filtered = 1_482_031
	bot.Rules = []ops.Rule{
		{Key: "events.drop", Text: "TYPING_START, PRESENCE_*", Dropped: 1_310_044, Bytes: 402 << 20,
			Types: []ops.TypeCount{{Type: "PRESENCE_UPDATE", Count: 1_204_003}, {Type: "TYPING_START", Count: 106_041}}},
		{Key: "guilds_drop", Text: "81384788765712384, 81384788765712399", Dropped: 48_211, Bytes: 61 << 20},
		{Key: "sample.VOICE_STATE_UPDATE", Text: "10%", Dropped: 122_903, Bytes: 96 << 20,
			Types: []ops.TypeCount{{Type: "VOICE_STATE_UPDATE", Count: 122_903}}},
		{Key: "when", Text: `type != "MESSAGE_CREATE" or not (d.author.bot ?? false)`, Dropped: 873, Bytes: 1 << 20, Errors: 12,
			Err: "cannot fetch bot from <nil> (1:38)"},
	}
	s.Sinks = append(s.Sinks, ops.Sink{Name: "audit", Kind: "http", Target: "http://10.0.0.9/audit", State: ops.SinkOK, Since: s.StartedAt,
		Rate: 3, Delivered: 4120, P50: 3 * time.Millisecond, P99: 9 * time.Millisecond})
}

// loadScene is a fleet whose guilds come, do not all come, or have come.
func (o *Operator) loadScene(s *ops.Snapshot, now time.Time) {
	v := &s.Load
	*v = ops.Load{Shards: len(s.Shards), Loaded: len(s.Shards) * 5 / 8, GuildsAll: s.Fleet.Guilds, Began: now.Add(-21 * time.Second), Timeout: now.Add(39 * time.Second)}
	v.Guilds = v.GuildsAll * 3 / 4
	switch o.Scene {
	case SceneLoading:
		s.Fleet.Loading = v.GuildsAll - v.Guilds
	case SceneMissed:
		v.Loaded, v.Guilds, v.Began, v.Timeout, v.TimedOut = v.Shards-2, v.GuildsAll-3, now.Add(-95*time.Second), time.Time{}, 3
		v.Missing = []uint64{81384788765712384, 91384788765712384, 101384788765712384}
	case SceneLoaded:
		v.Loaded, v.Guilds, v.LoadedAt, v.Timeout, v.Began = v.Shards, v.GuildsAll, now.Add(-4*time.Second), time.Time{}, now.Add(-37*time.Second)
	}
}
