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
		{"not reached", answers{errors.New("ask discord.com:\nno route")}, 0, exitUsage},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var stderr bytes.Buffer
				a := &app{stderr: &stderr}
				began := time.Now()
				_, err := a.preflight(t.Context(), &config.Loaded{Config: config.Default()}, &c.answers)
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
		_, err := a.preflight(ctx, &config.Loaded{Config: config.Default()}, &answers{busy, busy, busy})
		if code := exitCode(ignoreCanceled(err)); code != exitDone {
			t.Errorf("exit code %d: %v", code, err)
		}
	})
}

func TestAStartAsksDiscordOnce(t *testing.T) {
	a := &app{stderr: &bytes.Buffer{}}
	asked := &answers{nil}
	gateway, err := a.preflight(t.Context(), &config.Loaded{Config: config.Default()}, asked)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := gateway.GatewayBot(t.Context()); err != nil || len(*asked) != 0 {
		t.Errorf("%v, %d answers left", err, len(*asked))
	}
}
