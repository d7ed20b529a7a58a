package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// askers send commands of every kind, each one after the other, until told to stop.
type askers struct {
	w            *world
	done         sync.WaitGroup
	sent, failed atomic.Int64
}

// ask starts some.
func (w *world) ask(ctx context.Context, n int, seed uint64) *askers {
	a := &askers{w: w}
	for i := range n {
		r := rand.New(rand.NewPCG(seed, uint64(i)))
		a.done.Go(func() {
			for {
				select {
				case <-time.After(time.Second + time.Duration(r.IntN(4000))*time.Millisecond):
					a.one(ctx, r, i)
				case <-ctx.Done():
					return
				}
			}
		})
	}
	return a
}

// one sends a command and looks at the answers.
func (a *askers) one(ctx context.Context, r *rand.Rand, who int) {
	guilds := a.w.discord.GuildIDs()
	guild, nonce := guilds[r.IntN(len(guilds))], fmt.Sprint("asker ", who)
	s := ops.Send{By: "a test", Answers: true}
	want := ""
	switch n := r.IntN(40); {
	case n == 0:
		s.Op, s.Answers = 3, false
		s.Data = json.RawMessage(`{"since":null,"activities":[{"name":"{{guilds}} guilds on {{shard}} of {{shards}}","type":3}],"status":"online","afk":false}`)
	case n < 10:
		s.Op, s.Answers = 4, false
		s.Data = fmt.Appendf(nil, `{"guild_id":"%d","channel_id":null,"self_mute":false,"self_deaf":false}`, guild)
	case n < 15:
		s.Op, want = 31, "SOUNDBOARD_SOUNDS"
		s.Data = fmt.Appendf(nil, `{"guild_ids":["%d"]}`, guild)
	case n < 20:
		s.Op, want = 43, "CHANNEL_INFO"
		s.Data = fmt.Appendf(nil, `{"guild_id":"%d","fields":["status"]}`, guild)
	case n < 30:
		s.Op, want = 8, "GUILD_MEMBERS_CHUNK"
		s.Data = fmt.Appendf(nil, `{"guild_id":"%d","query":"","limit":0,"nonce":"%s"}`, guild, nonce)
	default:
		s.Op, want = 8, "GUILD_MEMBERS_CHUNK"
		s.Data = fmt.Appendf(nil, `{"guild_id":"%d","user_ids":["1"],"nonce":"%s"}`, guild, nonce)
	}
	got, err := a.w.engine.Send(ctx, s)
	if err != nil {
		a.failed.Add(1)
		if _, ok := errors.AsType[*ops.SendError](err); !ok && ctx.Err() == nil {
			a.w.t.Errorf("op %d failed with %T: %v", s.Op, err, err)
		}
		return
	}
	a.sent.Add(1)
	if want != "" {
		a.judge(s.Op, want, guild, nonce, got.Answers)
	}
}

// judge looks at answers: all of them, about the right guild, with the asker's
// own nonce.
func (a *askers) judge(op int, want string, guild uint64, nonce string, answers []json.RawMessage) {
	count := 1
	for i, raw := range answers {
		var f struct {
			T string
			D struct {
				GuildID string `json:"guild_id"`
				Nonce   string
				Index   int `json:"chunk_index"`
				Count   int `json:"chunk_count"`
			}
		}
		if err := json.Unmarshal(raw, &f); err != nil || f.T != want || f.D.GuildID != fmt.Sprint(guild) ||
			op == 8 && (f.D.Nonce != nonce || f.D.Index != i) {
			a.w.t.Errorf("op %d about %d with nonce %q was answered %.300s, %v", op, guild, nonce, raw, err)
			return
		}
		count = max(count, f.D.Count)
	}
	if len(answers) != count {
		a.w.t.Errorf("op %d got %d answers of %d", op, len(answers), count)
	}
}

// A list of all members may be had once in 30 s: who asks more often is told so or
// waits, and Discord never has to say it.
func TestFullListsKeepDiscordsPace(t *testing.T) {
	sim := small
	sim.MembersPerChunk, sim.Members = 10, 95
	inStorm(t, sim, func(w *world, _ *discordtest.Network) {
		w.awaitReady()
		w.pass(5 * time.Second)
		guild := w.discord.GuildIDs()[3]
		var all sync.WaitGroup
		var ok, refused atomic.Int64
		for i := range 5 {
			all.Go(func() {
				s, err := w.engine.Send(context.Background(), ops.Send{
					Op: 8, Answers: true, By: "a test",
					Data: fmt.Appendf(nil, `{"guild_id":"%d","query":"","limit":0,"nonce":"list %d"}`, guild, i),
				})
				no, _ := errors.AsType[*ops.SendError](err)
				switch {
				case err == nil && len(s.Answers) == 10:
					ok.Add(1)
				case no != nil && no.Reason != "":
					refused.Add(1)
				default:
					t.Errorf("%d answers, %v", len(s.Answers), err)
				}
			})
		}
		all.Wait()
		if d := w.discord.Stats(); d.MembersLimited > 0 || ok.Load() == 0 || ok.Load()+refused.Load() != 5 {
			t.Errorf("%d lists, %d refused, Discord limited %d", ok.Load(), refused.Load(), d.MembersLimited)
		}
		w.judgeIdentifies(8)
	})
}

// A bot that sends as fast as it can breaks no rule, costs no heartbeat, and what
// counts in the end is its last presence.
func TestAFloodOfCommandsBreaksNoRule(t *testing.T) {
	inStorm(t, small, func(w *world, _ *discordtest.Network) {
		w.awaitReady()
		w.pass(5 * time.Second)
		guild := w.discord.GuildIDs()[0]
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
		defer cancel()
		var all sync.WaitGroup
		var sent atomic.Int64
		for i := range 400 {
			s := ops.Send{Op: 4, By: "a test", Data: fmt.Appendf(nil, `{"guild_id":"%d","channel_id":null,"self_mute":false,"self_deaf":false}`, guild)}
			if i%4 == 0 {
				s.Op, s.Data = 3, fmt.Appendf(nil, `{"since":null,"activities":[{"name":"game %d","type":0}],"status":"online","afk":false}`, i)
			}
			if i == 396 {
				<-time.After(time.Minute) // the last presence is the last that anybody asks for
			}
			all.Go(func() {
				if _, err := w.engine.Send(ctx, s); err == nil {
					sent.Add(1)
				}
			})
		}
		all.Wait()
		w.pass(time.Minute)
		w.settle()
		d := w.discord.Stats()
		for _, ses := range d.Sessions {
			if !strings.Contains(ses.Presence, `"game 396"`) {
				t.Errorf("shard %d shows %s", ses.Shard, ses.Presence)
			}
		}
		if sent.Load() < 150 {
			t.Errorf("%d commands were sent", sent.Load())
		}
		w.judgeIdentifies(8)
		w.judgeBeats()
		t.Logf("%d of 400 commands sent in five minutes: %v", sent.Load(), d.Commands)
	})
}
