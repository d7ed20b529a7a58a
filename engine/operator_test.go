package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine"
	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/engine/shard"
)

// refusal is why the engine does not carry out a command; empty if it does.
func (w *world) refusal(cmd ops.Command) string {
	w.t.Helper()
	_, err := w.engine.Do(context.Background(), cmd)
	var refused *ops.RefusedError
	if err != nil && !errors.As(err, &refused) {
		w.t.Errorf("err = %v", err)
	}
	if refused == nil {
		return ""
	}
	return refused.Reason
}

func TestAnOperatorLetsAHeldShardUseTheReserve(t *testing.T) {
	sim := small
	sim.SessionStarts, sim.SessionStartsLeft = 20, 9
	sim.SessionStartsReset, sim.Rate = 10*time.Minute, 0
	reserve := func(c *engine.Config) { c.Identify.Reserve = engine.Amount{Count: 4} }
	inWorld(t, sim, reserve, func(w *world) {
		s := w.await("three shards held", time.Minute, func(s *ops.Snapshot) bool {
			return s.Fleet.ByState[ops.ShardReady] == 5 && s.Identify.Waiting == 3
		})
		held := slices.IndexFunc(s.Shards, func(s ops.Shard) bool { return s.State == ops.ShardQueued })
		op := w.do(ops.Command{Kind: ops.CommandReidentify, Shards: []int{held}})
		w.await("one more ready", time.Minute, func(s *ops.Snapshot) bool { return s.Fleet.ByState[ops.ShardReady] == 6 })
		<-op.Done()
		w.must(op.Err())
		s = w.snapshot()
		if left := w.discord.Stats().SessionStarts; left != 3 || s.Shards[held].Reconnects != 0 {
			t.Errorf("%d session starts left, shard %+v", left, s.Shards[held])
		}
		w.pass(13 * time.Minute)
		w.awaitReady()
	})
}

func TestAReidentifyThatTheBudgetDoesNotCoverIsRefused(t *testing.T) {
	sim := small
	sim.SessionStarts, sim.SessionStartsLeft = 20, 10
	sim.SessionStartsReset = time.Hour
	inWorld(t, sim, nil, func(w *world) {
		w.awaitReady()
		why := w.refusal(ops.Command{Kind: ops.CommandReidentify, Shards: []int{1, 2}})
		if !strings.Contains(why, "2 session starts") {
			t.Errorf("refused because: %q", why)
		}
		w.pass(time.Minute)
		if s := w.snapshot(); s.Fleet.ByState[ops.ShardReady] != 8 || s.Identify.Sent != 8 {
			t.Errorf("by state %v, %d identifies", s.Fleet.ByState, s.Identify.Sent)
		}
		op := w.do(ops.Command{Kind: ops.CommandReidentify, Shards: []int{1}})
		<-op.Done()
		w.must(op.Err())
		w.awaitReady()
	})
}

func TestAPresenceThatCannotBeSentIsRefusedAtTheStart(t *testing.T) {
	for name, presence := range map[string]string{
		"unknown placeholder": `{"status":"online","activities":[{"name":"{{shrad}}","type":0}]}`,
		"too long":            `{"status":"online","activities":[{"name":"` + strings.Repeat("x", 4000) + `","type":0}]}`,
	} {
		cfg := engine.Config{Token: discord.NewToken("MTEwNg.a.b"), Presence: json.RawMessage(presence)}
		cfg.Gateway, cfg.Dialer = noDiscord{}, noDiscord{}
		_, err := engine.New(cfg)
		var bad *engine.ConfigError
		if !errors.As(err, &bad) || !strings.Contains(err.Error(), "discord.presence") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// noDiscord is never asked.
type noDiscord struct{}

func (noDiscord) GatewayBot(context.Context) (discord.GatewayBot, error) {
	return discord.GatewayBot{}, errors.New("nobody is there")
}

func (noDiscord) Dial(context.Context, string) (shard.Conn, error) {
	return nil, errors.New("nobody is there")
}

func TestAReidentifyBeforeDiscordHasToldTheBudgetIsRefused(t *testing.T) {
	shelf, address := &shelf{}, &address{}
	inWorld(t, small, func(c *engine.Config) { c.Sessions, c.GatewayStore = shelf, address }, func(w *world) {
		w.awaitReady()
		w.pass(3 * time.Second)
		w.halt()
		w.discord.RESTFault(6, 500)
		w.start(nil)
		w.await("all shards resumed", 10*time.Second, func(s *ops.Snapshot) bool { return s.Fleet.ByState[ops.ShardReady] == 8 })
		reidentify := ops.Command{Kind: ops.CommandReidentify, Shards: []int{3}}
		if why := w.refusal(reidentify); !strings.Contains(why, "has not told") {
			t.Errorf("refused because: %q", why)
		}
		w.pass(10 * time.Second)
		if s := w.snapshot().Shards[3]; s.State != ops.ShardReady {
			t.Errorf("the shard that had a live session is %s", s.State)
		}
		w.await("the budget", time.Hour, func(s *ops.Snapshot) bool { return s.Identify.Known })
		op := w.do(reidentify)
		<-op.Done()
		w.must(op.Err())
		w.awaitReady()
	})
}

// A proxy that leaves the budget out has answered all the same.
func TestAReidentifyWithoutABoundedBudgetIsCarriedOut(t *testing.T) {
	inWorld(t, discordtest.Config{Shards: 2, Guilds: 8, MaxConcurrency: 2}, func(c *engine.Config) {
		c.Gateway = boundless{c.Gateway}
	}, func(w *world) {
		if s := w.awaitReady(); s.Identify.Known {
			t.Fatalf("the budget is known: %+v", s.Identify)
		}
		op := w.do(ops.Command{Kind: ops.CommandReidentify, Shards: []int{1}})
		<-op.Done()
		w.must(op.Err())
		w.awaitReady()
	})
}

// boundless is a proxy that does not tell the budget.
type boundless struct{ engine.GatewayInfo }

func (b boundless) GatewayBot(ctx context.Context) (discord.GatewayBot, error) {
	info, err := b.GatewayInfo.GatewayBot(ctx)
	info.Limit = discord.SessionStartLimit{MaxConcurrency: info.Limit.MaxConcurrency}
	return info, err
}
