package engine_test

import (
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// The busiest guilds are told with what came of them, and forgotten when they are
// quiet again.
func TestTheBusiestGuildsAreTold(t *testing.T) {
	inWorld(t, discordtest.Config{Shards: 2, Guilds: 20}, nil, func(w *world) {
		w.awaitReady()
		guild := w.discord.GuildIDs()[7]
		told := func(want uint64) func(*ops.Snapshot) bool {
			return func(s *ops.Snapshot) bool {
				return len(s.Traffic.Guilds) > 0 && s.Traffic.Guilds[0].Guild == guild && s.Traffic.Guilds[0].Count == want
			}
		}
		w.pass(2 * ops.HotSeconds * time.Second) // what came with the start is over
		if s := w.snapshot(); len(s.Traffic.Guilds) != 0 {
			t.Errorf("without an event, %v are busy", s.Traffic.Guilds)
		}
		w.await("the end of a span", time.Minute, func(s *ops.Snapshot) bool { return s.At.Second()%30 == 2 })
		for range 45 {
			if _, err := w.discord.Inject("TYPING_START", guild); err != nil {
				t.Fatal(err)
			}
		}
		s := w.await("the guild among the busiest", time.Minute, told(45))
		if g := s.Traffic.Guilds[0]; g.Shard != int(guild>>22%2) || g.Bytes < 45*100 {
			t.Errorf("%+v", g)
		}
		w.await("no busy guild", time.Minute, func(s *ops.Snapshot) bool { return len(s.Traffic.Guilds) == 0 })
	})
}
