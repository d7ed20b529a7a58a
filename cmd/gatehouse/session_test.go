package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-gateway/gatehouse/cmd/gatehouse/internal/config"
	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/discovery"
	saved "github.com/gatehouse-gateway/gatehouse/engine/session"
	"github.com/gatehouse-gateway/gatehouse/transport/rest"
)

func TestAnEngineThatHangsIsLeftBehindAfterFiveSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		err := (&lifetime{done: make(chan struct{})}).end()
		if err == nil || !strings.Contains(err.Error(), "did not stop within 5s") {
			t.Errorf("got %v", err)
		}
		if took := time.Since(began); took != stopWithin {
			t.Errorf("waited %s", took)
		}
	})
}

// answers is a Discord that gives one answer after the other.
type answers []error

func (a *answers) GatewayBot(context.Context) (discord.GatewayBot, error) {
	err := (*a)[0]
	*a = (*a)[1:]
	return discord.GatewayBot{}, err
}

func TestAStartWaitsForADiscordInTroubleButNotForLong(t *testing.T) {
	busy := &discord.RESTError{Status: 503, Hint: "in trouble"}
	for _, c := range []struct {
		name    string
		answers answers
		took    time.Duration
		code    int
	}{
		{"back after two tries", answers{busy, busy, nil}, 3 * time.Second, exitDone},
		{"not back", answers{busy, busy, busy}, 3 * time.Second, exitFailed},
		{"told to wait", answers{&discord.RESTError{Status: 429, RetryAfter: 4 * time.Second}, nil}, 4 * time.Second, exitDone},
		{"told to wait for long", answers{&discord.RESTError{Status: 429, RetryAfter: time.Hour}}, 0, exitFailed},
		{"refused", answers{&discord.RESTError{Status: 401}}, 0, exitRefused},
		{"banned", answers{&rest.BanError{Status: 429}}, 0, exitFailed},
		{"not reached", answers{errors.New("ask discord.com:\nno route")}, 0, exitUsage},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var stderr bytes.Buffer
				a := &app{stderr: &stderr}
				began := time.Now()
				_, err := a.preflight(t.Context(), &config.Loaded{Config: config.Default()}, &c.answers, nil)
				if code := exitCode(err); code != c.code || time.Since(began) != c.took {
					t.Errorf("exit code %d after %s, want %d after %s: %v", code, time.Since(began), c.code, c.took, err)
				}
				if err != nil && strings.Contains(err.Error(), "\n") {
					t.Errorf("more than a line: %q", err)
				}
			})
		})
	}
}

func TestAStopWhileDiscordIsAskedIsNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(500*time.Millisecond, cancel)
		busy := &discord.RESTError{Status: 503}
		a := &app{stderr: &bytes.Buffer{}}
		_, err := a.preflight(ctx, &config.Loaded{Config: config.Default()}, &answers{busy, busy, busy}, nil)
		if code := exitCode(ignoreCanceled(err)); code != exitDone {
			t.Errorf("exit code %d: %v", code, err)
		}
	})
}

func TestAStartAsksDiscordOnce(t *testing.T) {
	a := &app{stderr: &bytes.Buffer{}}
	asked := &answers{nil}
	gateway, err := a.preflight(t.Context(), &config.Loaded{Config: config.Default()}, asked, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := gateway.GatewayBot(t.Context()); err != nil || len(*asked) != 0 {
		t.Errorf("%v, %d answers left", err, len(*asked))
	}
}

// lastRun is the state that a run has left which had one session.
func lastRun(t *testing.T, l *config.Loaded) *state {
	t.Helper()
	dir := t.TempDir()
	s := &state{sessions: saved.NewFile(dir), gateway: discovery.NewFile(dir)}
	owner := l.Discord.Token.Fingerprint()
	err := errors.Join(
		s.sessions.Save(&saved.Saved{At: time.Now(), Identity: saved.Identity{Token: owner, Intents: l.Discord.Intents, Total: 1}, Sessions: []saved.Session{{ID: "a"}}}),
		s.gateway.SaveGateway(&discovery.Saved{Owner: gatewayOwner(l), URL: "wss://gateway.test", Shards: 1}))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Discord's REST API is away, and its gateway may not be: sessions are resumed by
// what the last run has left. What Discord refuses stays refused.
func TestAStartWithSessionsDoesWithoutDiscordsAPI(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer error
		code   int
	}{
		{"in trouble", &discord.RESTError{Status: 503}, exitDone},
		{"not reached", errors.New("no route"), exitDone},
		{"banned", &rest.BanError{Status: 403}, exitDone},
		{"limited", &discord.RESTError{Status: 429, RetryAfter: time.Hour}, exitDone},
		{"refused", &discord.RESTError{Status: 401}, exitRefused},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := &app{stderr: &bytes.Buffer{}}
				l := &config.Loaded{Config: config.Default()}
				asked := &answers{c.answer}
				gateway, err := a.preflight(t.Context(), l, asked, lastRun(t, l))
				if code := exitCode(err); code != c.code || (err == nil) != (gateway == asked) {
					t.Errorf("exit code %d, %v", code, err)
				}
				other := &config.Loaded{Config: config.Default()}
				other.Discord.Intents = 1 // with which the session cannot be resumed
				left := lastRun(t, l)
				if _, err := a.preflight(t.Context(), other, &answers{c.answer, c.answer, c.answer}, left); err == nil {
					t.Error("it starts without sessions that it could resume")
				}
			})
		})
	}
}

// What starts us may do so every few seconds. When Discord has told to wait for an
// hour, it is asked once.
func TestAStartThatIsTriedAgainDoesNotAskBeforeItMay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		left := &state{sessions: saved.NewFile(dir), gateway: discovery.NewFile(dir)}
		a := &app{stderr: &bytes.Buffer{}}
		l := &config.Loaded{Config: config.Default()}
		asked := &answers{&discord.RESTError{Status: 429, RetryAfter: time.Hour, Hint: "too many requests"}, nil}
		for range 3 {
			_, err := a.preflight(t.Context(), l, asked, left)
			if code := exitCode(err); code != exitFailed || !strings.Contains(err.Error(), "too many requests") || strings.Contains(err.Error(), "\n") {
				t.Errorf("exit code %d, %v", code, err)
			}
		}
		if len(*asked) != 1 {
			t.Errorf("%d answers are left", len(*asked))
		}
		<-time.After(time.Hour)
		if _, err := a.preflight(t.Context(), l, asked, left); err != nil {
			t.Errorf("after the hour: %v", err)
		}
	})
}
