package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gatehouse-gateway/gatehouse/cmd/gatehouse/internal/config"
	"github.com/gatehouse-gateway/gatehouse/engine"
	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/discovery"
	"github.com/gatehouse-gateway/gatehouse/transport/rest"
)

// A start is tried again only while Discord itself says that it is in trouble,
// and not for long: what starts us can try again better than we can.
const (
	startTries   = 3
	longestPause = 5 * time.Second // a longer wait ends the start
)

// preflight asks Discord for the gateway before anything is started, so that a
// wrong token or address is one line and an exit code instead of a fleet that
// fails shard by shard. It ends with ctx's error if ctx ends.
//
// What it returns gives the answer once more, so that a start is one request. If
// there is no answer, but the last run has left what its sessions need, it is left
// to the engine to resume them. What Discord has told to wait is kept for the next
// start: one that is tried every few seconds must not ask each time.
func (a *app) preflight(ctx context.Context, l *config.Loaded, gateway engine.GatewayInfo, last *state) (engine.GatewayInfo, error) {
	caller := discovery.New(discovery.Config{
		Source: gateway, Clock: clock.System(), Owner: gatewayOwner(l), Random: func() float64 { return 0 },
	})
	last.remind(caller)
	for try := 1; ; try++ {
		answer, err := caller.GatewayBot(ctx)
		if err == nil {
			return &answered{GatewayInfo: gateway, answer: &answer}, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if !refused(err) && last.suffices(l) {
			last.note(caller)
			return gateway, nil // which says so in the log
		}
		told := (*discovery.Error)(nil)
		if bad := (*discord.RESTError)(nil); !errors.As(err, &told) || !errors.As(err, &bad) || refused(err) || try == startTries || time.Until(told.RetryAt) > longestPause {
			last.note(caller)
			return nil, startFailure(l, err)
		}
		fmt.Fprintf(a.stderr, "gatehouse: discord.api_base %s: %v\n", l.Discord.APIBase, oneLine(err))
		if !wait(ctx, time.Until(told.RetryAt)) {
			return nil, ctx.Err()
		}
	}
}

// refused reports whether Discord has refused us for good.
func refused(err error) bool {
	bad := (*discord.RESTError)(nil)
	return errors.As(err, &bad) && bad.Fatal()
}

// answered gives an answer that has come already, and asks from then on.
type answered struct {
	engine.GatewayInfo
	mu     sync.Mutex
	answer *discord.GatewayBot
}

func (a *answered) GatewayBot(ctx context.Context) (discord.GatewayBot, error) {
	a.mu.Lock()
	answer := a.answer
	a.answer = nil
	a.mu.Unlock()
	if answer != nil {
		return *answer, nil
	}
	return a.GatewayInfo.GatewayBot(ctx)
}

// wait reports whether d has passed before ctx ended.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// startFailure names the key that most probably is wrong, and decides the code.
func startFailure(l *config.Loaded, err error) error {
	key, value, code := "discord.api_base", " "+l.Discord.APIBase, exitUsage
	bad := (*discord.RESTError)(nil)
	ban, held := (*rest.BanError)(nil), (*discovery.Error)(nil)
	if errors.As(err, &ban) || errors.As(err, &held) && held.Held {
		code = exitFailed
	} else if errors.As(err, &bad) && bad.Status != http.StatusNotFound {
		code = exitFailed
		if bad.Fatal() {
			code = exitRefused
		}
		if bad.Status == http.StatusUnauthorized {
			key, value = tokenKey(l), ""
		}
	}
	source := ""
	if src, set := l.Sources[key]; set {
		source = " (" + src.String() + ")"
	}
	return &exitError{code, fmt.Errorf("%s%s%s: %w", key, value, source, &lineError{err})}
}

// tokenKey is the key that gave what Discord refuses.
func tokenKey(l *config.Loaded) string {
	switch {
	case l.Discord.RESTAuthorization != "":
		return "discord.rest_authorization"
	case l.Discord.TokenFile != "":
		return "discord.token_file"
	}
	return "discord.token"
}

// lineError keeps an error from outside on one line.
type lineError struct{ err error }

func (e *lineError) Error() string { return oneLine(e.err) }

func (e *lineError) Unwrap() error { return e.err }

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
