package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
)

// killBacklog is the number of outstanding events from which a life is spent on
// letting the bot catch up, so that RESUMEs stay short.
const killBacklog = 6000

// lifePlan is what one life is to be like.
type lifePlan struct {
	number  int
	live    time.Duration // until SIGKILL, or SIGTERM
	from    lifeMark      // what that is counted from
	term    bool          // SIGTERM comes first
	grace   time.Duration // from SIGTERM to SIGKILL
	catchUp bool          // it lives until the bot has most of what is queued
	renew   bool          // its sessions have just been ended by Discord
	persist time.Duration
	memory  string
	workers int // shards per worker
	batch   int
	bot     botMood
	copy    botMood
	fault   func(*discordtest.Server) error
}

// String names a life in messages.
func (p lifePlan) String() string {
	text := fmt.Sprintf("life %d (%s from %s", p.number, p.live, p.from)
	if p.renew {
		text += " with new sessions"
	}
	if p.term {
		text += fmt.Sprintf(", SIGTERM %s before", p.grace)
	}
	return text + fmt.Sprintf(", persist_after %s, memory %s, per_worker %d, batch %d, bot %s, copy %s)", p.persist, p.memory, p.workers, p.batch, p.bot, p.copy)
}

// settings are the plan's part of the configuration.
func (p lifePlan) settings() []string {
	return []string{
		"GATEHOUSE_QUEUE_PERSIST_AFTER=" + p.persist.String(), "GATEHOUSE_QUEUE_MEMORY=" + p.memory,
		fmt.Sprintf("GATEHOUSE_SHARDS_PER_WORKER=%d", p.workers), fmt.Sprintf("GATEHOUSE_SINKS_0_BATCH=%d", p.batch), fmt.Sprintf("GATEHOUSE_SINKS_1_BATCH=%d", 17-p.batch),
	}
}

// lifeMark is a moment of a life.
type lifeMark uint8

// The moments.
const (
	fromExec  lifeMark = iota
	fromDial           // the first connection to the gateway
	fromReady          // every shard has been ready or resumed
)

func (m lifeMark) String() string { return [...]string{"exec", "the first dial", "ready"}[m] }

// reached reports whether a life has come so far.
func (m lifeMark) reached(p *process, w *killWorld) bool {
	switch m {
	case fromDial:
		return w.server.Stats().ConnectionsEver > p.before.ConnectionsEver
	case fromReady:
		return p.up(w)
	default:
		return true
	}
}

// plan draws the next life.
func (h *killing) plan() lifePlan {
	r := h.random
	p := lifePlan{
		number:  h.tally.kills + 1,
		persist: pick(r, 0, 20*time.Millisecond, 20*time.Millisecond, time.Second),
		memory:  pick(r, "256MiB", "256MiB", "1MiB"),
		workers: pick(r, 1, 2, killShards),
		batch:   pick(r, 1, 16),
	}
	moods := []botMood{moodUp, moodUp, moodUp, moodSlow, moodBusy, moodErrors, moodHung, moodForgets}
	p.bot, p.copy = pick(r, moods...), pick(r, moods...)
	switch n := r.IntN(100); {
	case n < 8: // right after exec
	case n < 30:
		p.live = upTo(r, 100*time.Millisecond)
	case n < 40:
		p.live = upTo(r, 400*time.Millisecond)
	case n < 60:
		p.live, p.from = upTo(r, 20*time.Millisecond), fromDial
	case n < 98:
		p.live, p.from = upTo(r, 150*time.Millisecond), fromReady
	default:
		p.live, p.from = time.Second+upTo(r, time.Second), fromReady
	}
	if r.IntN(4) == 0 {
		p.term, p.grace = true, upTo(r, 200*time.Millisecond)
	}
	switch r.IntN(12) {
	case 0:
		p.fault = func(s *discordtest.Server) error {
			return s.DropConnection(discordtest.Pair{Shard: p.number % killShards})
		}
	case 1:
		p.fault = func(s *discordtest.Server) error { return s.Reconnect(discordtest.Pair{Shard: p.number % killShards}) }
	case 2:
		p.renew = r.IntN(4) == 0
	}
	if h.w.outstanding() > killBacklog {
		p.catchUp, p.from, p.bot, p.copy = true, fromReady, moodUp, moodUp
	}
	return p
}

func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

func upTo(r *rand.Rand, most time.Duration) time.Duration {
	return time.Duration(r.Int64N(int64(most)))
}

// botMood is how the bot behaves for a life.
type botMood string

// The moods.
const (
	moodUp      botMood = "up"
	moodSlow    botMood = "slow"
	moodBusy    botMood = "busy"
	moodErrors  botMood = "failing now and then"
	moodHung    botMood = "hung"
	moodForgets botMood = "dropping its answers"
)

// apply makes a bot behave like that.
func (m botMood) apply(b *discordtest.Bot) {
	b.SetStatus(nil)
	b.SetDelay(0)
	mode := discordtest.BotUp
	switch m {
	case moodSlow:
		b.SetDelay(5 * time.Millisecond)
	case moodBusy:
		mode = discordtest.BotBusy
	case moodErrors:
		b.SetStatus(func(n uint64) int {
			if n*0x9e3779b97f4a7c15>>61 == 0 { // one in eight, without a rhythm
				return http.StatusInternalServerError
			}
			return http.StatusNoContent
		})
	case moodHung:
		mode = discordtest.BotHung
	case moodForgets:
		mode = discordtest.BotForgets
	}
	b.SetMode(mode)
}
