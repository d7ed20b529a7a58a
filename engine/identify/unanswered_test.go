package identify

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
)

// unanswered has a shard identify, and the connection end without a READY.
func (f *fleet) unanswered(t *testing.T, shard int) bool {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	slot, err := f.Acquire(ctx, shard, Options{})
	if err != nil {
		return false
	}
	slot.Sent()
	return true
}

func TestWhatDiscordDoesNotStartIsNoStorm(t *testing.T) {
	for _, charges := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			left, asked := 1000, 0
			f := newFleet(Config{Reserve: tenPercent, Refresh: func(context.Context) (discord.SessionStartLimit, error) {
				asked++
				return budget(1000, left, 1, 24*time.Hour), nil
			}})
			sent := 0
			for range 400 { // Discord is in trouble and drops whoever identifies
				if !f.unanswered(t, 3) {
					break
				}
				sent++
				if charges {
					left--
				}
				pass(10 * time.Second)
			}
			if s := f.Snapshot(); s.Breaker.Open != charges || charges && sent > 130 || !charges && sent != 400 {
				t.Errorf("charged %v: %d sent, Discord asked %d times, %+v", charges, sent, asked, s.Breaker)
			}
			if asked > sent/40+2 {
				t.Errorf("Discord was asked %d times", asked)
			}
		})
	}
}

func TestUnansweredIdentifiesWhileTheAPIIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		f := newFleet(Config{Reserve: tenPercent, Refresh: func(context.Context) (discord.SessionStartLimit, error) {
			asked++
			return discord.SessionStartLimit{}, context.DeadlineExceeded
		}})
		f.Update(budget(1000, 1000, 1, 24*time.Hour))
		sent := 0
		for ; sent < 1000 && f.unanswered(t, 3); sent++ {
			pass(10 * time.Second)
		}
		if s := f.Snapshot(); sent != 451 || !s.Breaker.Open || asked > 80 {
			t.Errorf("%d sent, Discord asked %d times, %+v", sent, asked, s)
		}
	})
}

func TestRefusalsDoNotExcuseWhatWasNeverAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, trips := newStorm(budget(1000, 1000, 2, 24*time.Hour))
		for range 60 {
			f.unanswered(t, 3)
			pass(10 * time.Second)
		}
		for range 60 {
			f.refused(t, 4)
		}
		pass(time.Minute)
		f.Update(budget(1000, 940, 2, 22*time.Hour)) // it has counted those of shard 3
		if len(*trips) != 1 {
			t.Errorf("told %q", *trips)
		}
	})
}
