package engine_test

import (
	"context"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// Where a guild is, and what is known of it, over an outage and a leave.
func TestAGuildIsFoundWhateverHasBecomeOfIt(t *testing.T) {
	ctx := context.Background()
	inWorld(t, discordtest.Config{Shards: 4, Guilds: 20}, nil, func(w *world) {
		w.awaitReady()
		w.await("all guilds", time.Minute, func(s *ops.Snapshot) bool { return s.Fleet.Guilds == 20 })
		ids := w.discord.GuildIDs()
		check := func(id uint64, want ops.GuildState) {
			t.Helper()
			p, err := w.engine.Where(ctx, id, 16)
			if err != nil || p.State != want || p.Shard != int(id>>22%4) || p.Planned != int(id>>22%16) || !p.Held || p.Shards != 4 {
				t.Errorf("%+v, %v, want it %v", p, err, want)
			}
		}
		check(ids[3], ops.GuildAvailable)
		check(ids[3]+1<<30, ops.GuildAbsent)
		w.must(w.discord.GuildOutage(ids[3]))
		w.must(w.discord.GuildLeave(ids[4]))
		w.pass(2 * time.Second)
		check(ids[3], ops.GuildUnavailable)
		check(ids[4], ops.GuildAbsent)
		shard := int(ids[3] >> 22 % 4)
		page, err := w.engine.Guilds(ctx, ops.GuildQuery{Shard: shard})
		if err != nil || len(page.Guilds) != page.Total || page.Guilds[0] != (ops.Guild{ID: ids[3], State: ops.GuildUnavailable}) {
			t.Errorf("%+v, %v", page, err)
		}
		if _, err := w.engine.Guilds(ctx, ops.GuildQuery{Shard: 4}); err == nil {
			t.Error("there is a fifth shard")
		}
		if _, err := w.engine.Where(ctx, 0, 0); err == nil {
			t.Error("0 is a guild")
		}
	})
}
