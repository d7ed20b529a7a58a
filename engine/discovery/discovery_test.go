package discovery

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/discord"
)

// api is Discord: it answers what it is told to, after a while.
type api struct {
	mu    sync.Mutex
	asked int
	takes time.Duration
	fails error // nil lets it answer
	left  int   // of the budget
}

func (a *api) GatewayBot(ctx context.Context) (discord.GatewayBot, error) {
	a.mu.Lock()
	a.asked++
	takes, err, left := a.takes, a.fails, a.left
	a.mu.Unlock()
	if takes > 0 {
		select {
		case <-ctx.Done():
			return discord.GatewayBot{}, ctx.Err()
		case <-after(takes):
		}
	}
	if err != nil {
		return discord.GatewayBot{}, err
	}
	return discord.GatewayBot{URL: "wss://gateway.discord.gg", Shards: 9,
		Limit: discord.SessionStartLimit{Total: 1000, Remaining: left, MaxConcurrency: 16, ResetAfterMS: 3_600_000}}, nil
}

// set changes what it answers.
func (a *api) set(err error, takes time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.fails, a.takes = err, takes
}

func (a *api) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.asked
}

// after is a channel of the bubble's false clock.
func after(d time.Duration) <-chan time.Time { return clock.System().NewTimer(d).C() }

// newCaller asks an api, without chance.
func newCaller(a *api) *Caller {
	return New(Config{Source: a, Clock: clock.System(), Random: func() float64 { return 0 }, Owner: "bot 1 at discord.test"})
}

// bans is what the client says of a banned address.
type bans struct{ wait time.Duration }

func (b bans) Error() string            { return "banned" }
func (b bans) BannedFor() time.Duration { return b.wait }

var (
	down    = &discord.RESTError{Status: 503, Hint: "try later"}
	refused = &discord.RESTError{Status: 401, Hint: "the token is wrong"}
)

func limited(wait time.Duration) error { return &discord.RESTError{Status: 429, RetryAfter: wait} }

func TestAYoungAnswerIsUsedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{left: 990}
		c := newCaller(a)
		if s := c.Status(); !s.ToldAt.IsZero() {
			t.Error("an answer before the first question")
		}
		for _, step := range []struct {
			wait, maxAge time.Duration
			asked        int
		}{
			{0, time.Hour, 1},
			{10 * time.Minute, time.Hour, 1},
			{0, 10 * time.Minute, 2}, // just that old
			{0, 0, 3},
			{59 * time.Minute, time.Hour, 3},
			{time.Minute, time.Hour, 4},
		} {
			<-after(step.wait)
			got, err := c.Get(t.Context(), step.maxAge)
			if err != nil || got.Shards != 9 || a.count() != step.asked {
				t.Fatalf("%+v: asked %d times, %+v, %v", step, a.count(), got, err)
			}
		}
		if s := c.Status(); s.Asked != 4 || s.Failed != 0 || !s.ToldAt.Equal(time.Now()) {
			t.Errorf("status %+v", s)
		}
	})
}

func TestManyAskAtOnceAndDiscordIsAskedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{takes: 3 * time.Second}
		c := newCaller(a)
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				if got, err := c.GatewayBot(t.Context()); err != nil || got.Shards != 9 {
					t.Errorf("%+v, %v", got, err)
				}
			})
		}
		wg.Wait()
		a.set(down, time.Second)
		for range 100 {
			wg.Go(func() {
				var e *Error
				if _, err := c.GatewayBot(t.Context()); !errors.As(err, &e) || e.Held || !errors.Is(err, down) {
					t.Errorf("%v", err)
				}
			})
		}
		wg.Wait()
		if a.count() != 2 {
			t.Errorf("Discord was asked %d times", a.count())
		}
	})
}

func TestWhoGivesUpLeavesTheQuestionToTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{takes: 10 * time.Second}
		c := newCaller(a)
		first, cancel := context.WithCancel(t.Context())
		gone := make(chan error, 1)
		go func() { _, err := c.GatewayBot(first); gone <- err }()
		synctest.Wait()
		impatient, stop := context.WithTimeout(t.Context(), 2*time.Second)
		defer stop()
		if _, err := c.GatewayBot(impatient); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("who waited with a deadline got %v", err)
		}
		answered := make(chan error, 1)
		go func() { _, err := c.GatewayBot(t.Context()); answered <- err }()
		synctest.Wait()
		cancel()
		if err := <-gone; !errors.Is(err, context.Canceled) {
			t.Errorf("who gave up got %v", err)
		}
		if err := <-answered; err != nil || a.count() != 2 {
			t.Errorf("the next got %v, Discord was asked %d times", err, a.count())
		}
		if s := c.Status(); s.Failed != 0 {
			t.Errorf("giving up counts as a failure: %+v", s)
		}
	})
}

func TestADeadlineCountsAsAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(&api{takes: time.Minute})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if _, err := c.GatewayBot(ctx); !errors.Is(err, context.DeadlineExceeded) || held(err) {
			t.Errorf("got %v", err)
		}
		if _, err := c.GatewayBot(t.Context()); !held(err) || c.Status().Failed != 1 {
			t.Errorf("at once again: %v", err)
		}
		<-after(time.Second)
		if _, err := c.GatewayBot(t.Context()); err != nil {
			t.Errorf("with more patience: %v", err)
		}
	})
}

// held reports whether nothing was asked.
func held(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Held
}

func TestDiscordIsLeftAloneAfterItHasSaidSo(t *testing.T) {
	for _, tc := range []struct {
		name  string
		err   error
		holds []time.Duration // after each failure in a row
	}{
		{"limited for hours", limited(23 * time.Hour), []time.Duration{23 * time.Hour, 23 * time.Hour}},
		{"limited, it did not say how long", limited(0), []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute}},
		{"a wrong token", refused, []time.Duration{5 * time.Minute, 10 * time.Minute, 20 * time.Minute, 40 * time.Minute, time.Hour, time.Hour}},
		{"not allowed", &discord.RESTError{Status: 403}, []time.Duration{5 * time.Minute, 10 * time.Minute}},
		{"a banned address", bans{}, []time.Duration{15 * time.Minute, 30 * time.Minute, time.Hour, time.Hour}},
		{"a banned address, it said how long", bans{40 * time.Minute}, []time.Duration{40 * time.Minute, 40 * time.Minute}},
		{"down", down, []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 32 * time.Second, time.Minute, time.Minute}},
		{"no network", errors.New("connection refused"), []time.Duration{time.Second, 2 * time.Second}},
	} {
		synctest.Test(t, func(t *testing.T) {
			a := &api{fails: tc.err}
			c := newCaller(a)
			for i, hold := range tc.holds {
				_, err := c.GatewayBot(t.Context())
				var e *Error
				if !errors.As(err, &e) || e.Held || !errors.Is(err, tc.err) || !e.RetryAt.Equal(time.Now().Add(hold)) {
					t.Fatalf("%s, failure %d: %v, again in %s", tc.name, i+1, err, time.Until(c.Status().HoldTill))
				}
				<-after(hold - time.Millisecond)
				if _, err := c.Get(t.Context(), 0); !held(err) || a.count() != i+1 {
					t.Fatalf("%s: asked %d times, %v", tc.name, a.count(), err)
				}
				<-after(time.Millisecond)
			}
			a.set(nil, 0)
			if _, err := c.GatewayBot(t.Context()); err != nil {
				t.Fatalf("%s: %v", tc.name, err)
			}
			a.set(down, 0)
			if _, _ = c.GatewayBot(t.Context()); c.Status().InARow != 1 || !c.Status().HoldTill.Equal(time.Now().Add(time.Second)) {
				t.Errorf("%s: an answer does not end the row: %+v", tc.name, c.Status())
			}
		})
	}
}

func TestWhileDiscordIsLeftAloneAnOldAnswerServes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{}
		c := newCaller(a)
		_, _ = c.GatewayBot(t.Context())
		<-after(10 * time.Minute)
		a.set(limited(2*time.Hour), 0)
		_, _ = c.GatewayBot(t.Context())
		if got, err := c.Get(t.Context(), time.Hour); err != nil || got.Shards != 9 {
			t.Errorf("%+v, %v", got, err)
		}
		_, err := c.Get(t.Context(), time.Minute)
		want := "not asked again before 2000-01-01 02:10:00 UTC: discord answered 429"
		if !held(err) || err.Error() != want {
			t.Errorf("got %q, want %q", err, want)
		}
		if saved, ok := c.Saved(); !ok || saved.URL == "" {
			t.Errorf("the last answer is forgotten: %+v", saved)
		}
	})
}

func TestPausesVaryByChance(t *testing.T) {
	for _, tc := range []struct {
		err         error
		failures    int
		least, most time.Duration
	}{
		{down, 1, 500 * time.Millisecond, time.Second},
		{down, 1000, 30 * time.Second, time.Minute},
		{refused, 1, 150 * time.Second, 5 * time.Minute},
		{limited(10 * time.Second), 7, 10 * time.Second, 11 * time.Second},
		{limited(23 * time.Hour), 1, 23 * time.Hour, 23*time.Hour + time.Minute},
	} {
		const nearlyOne = 1 - 1e-12
		a, b := Pause(tc.failures, tc.err, 0), Pause(tc.failures, tc.err, nearlyOne)
		if near(min(a, b), tc.least) && near(max(a, b), tc.most) {
			continue
		}
		t.Errorf("%v, %d times: from %s to %s, want %s to %s", tc.err, tc.failures, min(a, b), max(a, b), tc.least, tc.most)
	}
	if got := Pause(0, down, 0); got != time.Second {
		t.Errorf("before a failure: %s", got)
	}
}

func near(a, b time.Duration) bool { return max(a-b, b-a) < time.Millisecond }

func TestWhatIsSavedServesTheNextStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{left: 400}
		c := newCaller(a)
		if s, ok := c.Saved(); ok {
			t.Errorf("there is nothing to save: %+v", s)
		}
		_, _ = c.GatewayBot(t.Context())
		saved, ok := c.Saved()
		want := Saved{Version: version, Owner: "bot 1 at discord.test", URL: "wss://gateway.discord.gg", Shards: 9,
			MaxConcurrency: 16, Total: 1000, ToldAt: time.Now().UTC().Round(0)}
		if !ok || saved != want {
			t.Errorf("saved %+v", saved)
		}
		files := NewFile(t.TempDir())
		if old, err := files.LoadGateway(); old != nil || err != nil {
			t.Fatalf("before the first: %+v, %v", old, err)
		}
		if err := files.SaveGateway(&saved); err != nil {
			t.Fatal(err)
		}
		loaded, err := files.LoadGateway()
		if err != nil || *loaded != saved || loaded.Usable("bot 1 at discord.test") != nil {
			t.Fatalf("loaded %+v, %v", loaded, err)
		}
		next := newCaller(&api{fails: down})
		next.Recall(*loaded)
		if s := next.Status(); !s.ToldAt.IsZero() {
			t.Error("what an earlier run was told passes for an answer")
		}
		if again, ok := next.Saved(); !ok || again != saved {
			t.Errorf("the next run forgets it: %+v", again)
		}
	})
}

func TestARestartDoesNotAskWhileDiscordHasSaidToWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(&api{fails: limited(12 * time.Hour)})
		_, _ = c.GatewayBot(t.Context())
		saved, _ := c.Saved()
		<-after(time.Hour)
		a := &api{}
		next := newCaller(a)
		next.Recall(saved)
		_, err := next.GatewayBot(t.Context())
		if !held(err) || a.count() != 0 || !strings.Contains(err.Error(), "discord answered 429") {
			t.Errorf("asked %d times: %v", a.count(), err)
		}
		if kind := (*discord.RESTError)(nil); !errors.As(err, &kind) || kind.Status != 429 || kind.RetryAfter != 11*time.Hour {
			t.Errorf("it is not known as a limit: %+v", kind)
		}
		if again, _ := next.Saved(); again != saved {
			t.Errorf("the run after it would ask: %+v", again)
		}
		<-after(11 * time.Hour)
		if _, err := next.GatewayBot(t.Context()); err != nil {
			t.Errorf("when the wait is over: %v", err)
		}
		if again, _ := next.Saved(); !again.HoldTill.IsZero() {
			t.Errorf("the wait outlives itself: %+v", again)
		}
	})
}

func TestARestartAsksAtOnceIfNobodySaidToWait(t *testing.T) {
	for _, err := range []error{refused, down, bans{}} {
		synctest.Test(t, func(t *testing.T) {
			c := newCaller(&api{fails: err})
			_, _ = c.GatewayBot(t.Context())
			saved, _ := c.Saved()
			next := newCaller(&api{})
			next.Recall(saved)
			if _, err := next.GatewayBot(t.Context()); err != nil {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestWhatIsOfAnotherOwnerIsLeftOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		later := time.Now().Add(1000 * time.Hour)
		c := newCaller(&api{})
		c.Recall(Saved{Owner: "bot 2", URL: "wss://x", Shards: 1, HoldTill: later})
		if _, err := c.GatewayBot(t.Context()); err != nil {
			t.Errorf("%v", err)
		}
		c = newCaller(&api{})
		c.Recall(Saved{Owner: "bot 1 at discord.test", HoldTill: later, HoldWhy: "a wrong clock"})
		if wait := time.Until(c.Status().HoldTill); wait != longestTold {
			t.Errorf("it waits %s", wait)
		}
		for _, s := range []Saved{{Owner: "bot 2", URL: "wss://x", Shards: 1}, {Owner: "bot 1", Shards: 1}, {Owner: "bot 1", URL: "wss://x"}} {
			if s.Usable("bot 1") == nil {
				t.Errorf("%+v is usable", s)
			}
		}
	})
}
