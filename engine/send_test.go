package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine"
	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
	"github.com/gatehouse-gateway/gatehouse/engine/event"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// talker is a sink whose bot can send commands back.
type talker struct {
	mu   sync.Mutex
	take func([]byte)
	got  map[string][]string // frames by type
}

func (k *talker) Deliver(_ context.Context, events []event.Event, _ int) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.got == nil {
		k.got = make(map[string][]string)
	}
	for i := range events {
		k.got[events[i].Type] = append(k.got[events[i].Type], string(events[i].Data))
	}
	return nil
}

func (k *talker) Asks(take func([]byte)) { k.take = take }
func (k *talker) Close() error           { return nil }

func (k *talker) frames(eventType string) []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.got[eventType]
}

// withTalker runs a story about a quiet bot with a second sink that talks back.
func withTalker(t *testing.T, story func(w *world, k *talker)) {
	t.Helper()
	k := &talker{}
	inWorld(t, discordtest.Config{Shards: 4, Guilds: 16, MaxConcurrency: 4}, func(c *engine.Config) {
		c.Sinks = append(c.Sinks, engine.SinkConfig{Name: "talker", Kind: "test", Sink: k, Commands: true})
	}, func(w *world) {
		w.awaitReady()
		story(w, k)
	})
}

func (w *world) send(s ops.Send) (ops.Sent, error) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return w.engine.Send(ctx, s)
}

// commands are those that Discord got, as "op shard guild".
func (w *world) commands() string {
	var out []string
	for _, c := range w.discord.CommandLog() {
		out = append(out, fmt.Sprintf("%d@%d", c.Op, c.Shard))
	}
	return strings.Join(out, " ")
}

func member(guild uint64, more string) json.RawMessage {
	return fmt.Appendf(nil, `{"guild_id":"%d"%s}`, guild, more)
}

func TestACommandGoesToTheShardOfItsGuild(t *testing.T) {
	withTalker(t, func(w *world, _ *talker) {
		guilds := w.discord.GuildIDs()
		var want []string
		for _, g := range guilds[:5] {
			sent, err := w.send(ops.Send{Op: 4, Data: member(g, `,"channel_id":null`)})
			if id := discord.ShardOf(g, 4); err != nil || len(sent.Shards) != 1 || sent.Shards[0] != id || sent.At.IsZero() {
				t.Errorf("%+v, %v", sent, err)
			} else {
				want = append(want, fmt.Sprintf("4@%d", id))
			}
			w.pass(time.Second)
		}
		if got := w.commands(); got != strings.Join(want, " ") {
			t.Errorf("Discord got %s, want %v", got, want)
		}
		d := fmt.Appendf(nil, `{"guild_ids":["%d","%d","%d","%d"]}`, guilds[0], guilds[1], guilds[2], guilds[3])
		sent, err := w.send(ops.Send{Op: 31, Data: d, Answers: true})
		if err != nil || len(sent.Answers) != 4 {
			t.Errorf("%d answers for 4 guilds, %v", len(sent.Answers), err)
		}
		if c := w.snapshot().Commands; c.Sent != 5+uint64(len(sent.Shards)) || c.Refused != 0 || c.Asked != 0 {
			t.Errorf("%+v", c)
		}
	})
}

func TestAnswersGoToTheAskerAlone(t *testing.T) {
	withTalker(t, func(w *world, k *talker) {
		guild := w.discord.GuildIDs()[3]
		sent, err := w.send(ops.Send{Op: 8, Data: member(guild, `,"query":"","limit":5,"nonce":"mine"`), Answers: true})
		if err != nil || len(sent.Answers) != 1 || !strings.Contains(string(sent.Answers[0]), `"nonce":"mine"`) {
			t.Fatalf("%s, %v", sent.Answers, err)
		}
		k.take(fmt.Appendf(nil, `{"ok":true,"send":[{"op":8,"d":{"guild_id":"%d","query":"","limit":3,"nonce":"the bot's"}}]}`, guild))
		k.take([]byte(`{"ok":true}`))
		w.pass(time.Second)
		if got := k.frames("GUILD_MEMBERS_CHUNK"); len(got) != 1 || !strings.Contains(got[0], `"nonce":"the bot's"`) {
			t.Errorf("the asking bot got %s", got)
		}
		if n := w.bot.Stats().Notices["GUILD_MEMBERS_CHUNK"]; n != 0 {
			t.Errorf("the other bot got %d chunks", n)
		}
		for _, c := range w.discord.CommandLog() {
			if !strings.Contains(string(c.Data), `"nonce":"gh-`) {
				t.Errorf("Discord got %s", c.Data)
			}
		}
		k.take([]byte(`{"send":[{"op":8,"d":{"guild_id":"1"}},{"op":2,"d":{}}]}`))
		k.take([]byte(`{"send":{}}`))
		if s := w.snapshot().Sinks[1]; s.Asked != 4 || s.Unsent != 3 {
			t.Errorf("asked %d, unsent %d", s.Asked, s.Unsent)
		}
	})
}

func TestACommandThatDiscordWouldNotTakeIsRefused(t *testing.T) {
	withTalker(t, func(w *world, _ *talker) {
		guild := w.discord.GuildIDs()[0]
		for what, c := range map[string]struct {
			send ops.Send
			says string
		}{
			"unknown guild":    {ops.Send{Op: 4, Data: member(81<<22, `,"channel_id":null`)}, "the bot is not in guild"},
			"a shard is named": {ops.Send{Op: 4, Data: member(guild, `,"channel_id":null`), Shards: []int{1}}, "its guild decides"},
			"shard elsewhere":  {ops.Send{Op: 3, Data: json.RawMessage(`{"status":"idle"}`), Shards: []int{9}}, "this process holds 0 to 3"},
			"a bot's identify": {ops.Send{Op: 2, Data: json.RawMessage(`{}`)}, "op"},
			"too long": {ops.Send{Op: 8, Data: member(guild, `,"query":"`+strings.Repeat("x", 4096)+`","limit":1`)},
				"4096"},
		} {
			_, err := w.send(c.send)
			var refused *ops.SendError
			if !errors.As(err, &refused) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s: %v", what, err)
			}
		}
		all := ops.Send{Op: 8, Data: member(guild, `,"query":"","limit":0`), Answers: true}
		if _, err := w.send(all); err != nil {
			t.Error(err)
		}
		_, err := w.send(all)
		var refused *ops.SendError
		if !errors.As(err, &refused) || refused.RetryAt.Before(time.Now().Add(29*time.Second)) {
			t.Errorf("asked for all members twice: %v", err)
		}
		w.pass(31 * time.Second)
		if _, err := w.send(all); err != nil {
			t.Error(err)
		}
	})
}

func TestThePresenceChangesWithoutAnIdentify(t *testing.T) {
	withTalker(t, func(w *world, _ *talker) {
		template := json.RawMessage(`{"status":"dnd","activities":[{"name":"shard {{shard}} of {{shards}}, {{guilds}} guilds","type":3}]}`)
		sent, err := w.send(ops.Send{Op: 3, Data: template})
		if err != nil || len(sent.Shards) != 4 {
			t.Fatalf("%+v, %v", sent, err)
		}
		last := func(shard int) string {
			text := "nothing"
			for _, c := range w.discord.CommandLog() {
				if c.Shard == shard && c.Op == 3 {
					text = string(c.Data)
				}
			}
			return text
		}
		if got := last(2); !strings.Contains(got, `shard 2 of 4, 4 guilds`) {
			t.Errorf("shard 2 shows %s", got)
		}
		// One more guild: the number on show follows within two minutes.
		guild := w.discord.GuildJoin()
		id := discord.ShardOf(guild, 4)
		w.pass(2 * time.Minute)
		if got := last(id); !strings.Contains(got, "5 guilds") {
			t.Errorf("shard %d shows %s after a guild more", id, got)
		}
		before := len(w.discord.CommandLog())
		w.pass(10 * time.Minute)
		if n := len(w.discord.CommandLog()); n != before {
			t.Errorf("%d presence updates without a change", n-before)
		}
		if n := w.discord.Stats().Identifies; n != 4 {
			t.Errorf("%d identifies", n)
		}
		// A later identify carries it, with the guilds known then.
		<-w.do(ops.Command{Kind: ops.CommandReidentify, Shards: []int{2}}).Done()
		w.pass(time.Minute)
		for _, s := range w.discord.Stats().Sessions {
			if s.Shard == 2 && !strings.Contains(string(s.Presence), "dnd") {
				t.Errorf("after an identify shard 2 shows %s", s.Presence)
			}
		}
	})
}

func TestManyCommandsKeepDiscordsLimit(t *testing.T) {
	withTalker(t, func(w *world, k *talker) {
		guild := w.discord.GuildIDs()[0]
		one := fmt.Sprintf(`{"op":43,"d":{"guild_id":"%d","fields":["status"]}}`, guild)
		for range 3 {
			k.take([]byte(`{"send":[` + strings.Repeat(one+",", 59) + one + `]}`))
		}
		w.pass(time.Second)
		s := w.snapshot().Shards[discord.ShardOf(guild, 4)]
		if s.Sends < 100 || s.Sends > 120 || s.Outbox < 60 {
			t.Errorf("%d sent, %d wait", s.Sends, s.Outbox)
		}
		w.pass(2 * time.Minute)
		c := w.snapshot().Commands
		// What was not sent within half a minute has been given up.
		if c.Waiting != 0 || c.Sent < 100 || c.Sent+c.Refused != 180 || c.Refused != w.snapshot().Sinks[1].Unsent {
			t.Errorf("%+v", c)
		}
	})
}

func TestACommandWaitsForItsShard(t *testing.T) {
	withTalker(t, func(w *world, _ *talker) {
		guild := w.discord.GuildIDs()[0]
		id := discord.ShardOf(guild, 4)
		w.discord.GatewayOutage(true)
		w.must(w.discord.DropConnection(shardOf(id)))
		w.pass(time.Second)
		done := make(chan error, 1)
		go func() {
			_, err := w.send(ops.Send{Op: 4, Data: member(guild, `,"channel_id":null`)})
			done <- err
		}()
		w.pass(5 * time.Second)
		if s := w.snapshot().Shards[id]; s.Outbox != 1 {
			t.Errorf("%d commands wait", s.Outbox)
		}
		w.discord.GatewayOutage(false)
		if err := <-done; err != nil {
			t.Error(err)
		}
		<-w.do(ops.Command{Kind: ops.CommandStop, Shards: []int{id}}).Done()
		if _, err := w.send(ops.Send{Op: 4, Data: member(guild, `,"channel_id":null`)}); err == nil || !strings.Contains(err.Error(), "start it first") {
			t.Errorf("to a stopped shard: %v", err)
		}
		<-w.do(ops.Command{Kind: ops.CommandStart, Shards: []int{id}}).Done()
	})
}

func TestACommandWhoseCallerHasGoneIsNotSent(t *testing.T) {
	withTalker(t, func(w *world, _ *talker) {
		guild := w.discord.GuildIDs()[0]
		id := discord.ShardOf(guild, 4)
		over, cancel := context.WithCancel(context.Background())
		cancel()
		leave := ops.Send{Op: 4, Data: member(guild, `,"channel_id":null`)}
		if _, err := w.engine.Send(over, leave); !errors.Is(err, context.Canceled) {
			t.Errorf("its ctx was over before: %v", err)
		}
		w.discord.GatewayOutage(true)
		w.must(w.discord.DropConnection(shardOf(id)))
		w.pass(time.Second)
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() {
			_, err := w.engine.Send(ctx, leave)
			done <- err
		}()
		w.pass(time.Second)
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("given up with %v", err)
		}
		w.pass(5 * time.Second)
		w.discord.GatewayOutage(false)
		w.awaitReady()
		w.pass(5 * time.Second)
		if got := w.commands(); got != "" {
			t.Errorf("Discord got %s", got)
		}
		if c := w.snapshot().Commands; c.Waiting != 0 || c.Sent != 0 || c.Refused != 2 {
			t.Errorf("%+v", c)
		}
	})
}

// Of a request that goes to two shards one has written its part, and the other
// identifies anew before it can.
func TestARequestThatWaitsForItsShardIsNotLost(t *testing.T) {
	withTalker(t, func(w *world, _ *talker) {
		guilds := w.discord.GuildIDs()
		down := discord.ShardOf(guilds[0], 4)
		other := guilds[slices.IndexFunc(guilds, func(g uint64) bool { return discord.ShardOf(g, 4) != down })]
		w.discord.GatewayOutage(true)
		for _, s := range w.discord.Stats().Sessions {
			if s.Shard == down {
				w.must(w.discord.EndSession(s.ID, "a test"))
			}
		}
		w.pass(3 * time.Second)
		if s := w.snapshot().Shards[down]; s.State == ops.ShardReady {
			w.must(w.discord.DropConnection(shardOf(down)))
			w.pass(time.Second)
		}
		type result struct {
			sent ops.Sent
			err  error
		}
		done := make(chan result, 1)
		go func() {
			sent, err := w.send(ops.Send{Op: 31, Data: fmt.Appendf(nil, `{"guild_ids":["%d","%d"]}`, guilds[0], other), Answers: true})
			done <- result{sent, err}
		}()
		w.pass(time.Second)
		w.discord.GatewayOutage(false)
		if r := <-done; r.err != nil || len(r.sent.Answers) != 2 {
			t.Errorf("%d answers, written by shards %v, %v", len(r.sent.Answers), r.sent.Shards, r.err)
		}
		w.awaitReady()
		if n := w.discord.Stats().Identifies; n != 5 {
			t.Errorf("%d identifies", n)
		}
	})
}

func TestWhoWaitsIsToldThatTheEngineStops(t *testing.T) {
	withTalker(t, func(w *world, _ *talker) {
		guild := w.discord.GuildIDs()[0]
		w.discord.GatewayOutage(true)
		w.must(w.discord.DropConnection(shardOf(discord.ShardOf(guild, 4))))
		w.pass(time.Second)
		done := make(chan error, 1)
		go func() {
			_, err := w.send(ops.Send{Op: 4, Data: member(guild, `,"channel_id":null`)})
			done <- err
		}()
		w.pass(time.Second)
		w.halt()
		if err := <-done; err == nil || !strings.Contains(err.Error(), "the engine is stopping") {
			t.Errorf("told: %v", err)
		}
	})
}

func TestACommandForAShardWhoseTurnHasNotComeIsRefused(t *testing.T) {
	inWorld(t, discordtest.Config{Shards: 8, Guilds: 16, MaxConcurrency: 1}, nil, func(w *world) {
		w.pass(10 * time.Second)
		guilds := w.discord.GuildIDs()
		last := guilds[slices.IndexFunc(guilds, func(g uint64) bool { return discord.ShardOf(g, 8) == 7 })]
		_, err := w.send(ops.Send{Op: 4, Data: member(last, `,"channel_id":null`)})
		if err == nil || !strings.Contains(err.Error(), "shard 7 has not been started yet") {
			t.Errorf("told: %v", err)
		}
		w.awaitReady()
	})
}
