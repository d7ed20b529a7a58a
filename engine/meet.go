package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/discovery"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// askTimeout is for Discord's answer to GET /gateway/bot.
const askTimeout = 15 * time.Second

// meet finds out where the gateway is, before anything else: from Discord, or, if
// it cannot be asked just now, from what it told the last run.
//
// An address where nobody answers is an error at once, since it is most likely a
// wrong one; a Discord in trouble is asked again until it answers or ctx ends.
func (e *Engine) meet(ctx context.Context) (discord.GatewayBot, error) {
	known := e.recall()
	for {
		info, err := e.ask(ctx)
		var rest *discord.RESTError
		switch {
		case err == nil:
			return info, nil
		case ctx.Err() != nil:
			return info, err
		case errors.As(err, &rest) && rest.Fatal() && !banned(err):
			return info, &FatalError{err}
		case known != nil:
			e.logger.Warn("Discord's API cannot be asked, going by what it told before: shards with a session resume, others wait until it answers",
				"told", known.ToldAt.Format(time.RFC3339), "error", err)
			return discord.GatewayBot{URL: known.URL, Shards: known.Shards,
				Limit: discord.SessionStartLimit{Total: known.Total, MaxConcurrency: known.MaxConcurrency}}, nil
		case rest == nil && !banned(err):
			return info, err
		}
		var told *discovery.Error
		if !errors.As(err, &told) {
			return info, err
		}
		e.logger.Warn("Discord's API is in trouble, it is asked again", "at", told.RetryAt.UTC().Format(time.RFC3339), "error", told.Err)
		if !e.sleep(ctx, told.RetryAt.Sub(e.cfg.Clock.Now())) {
			return info, err
		}
	}
}

// owner is whose words GatewayStore keeps.
func (c *Config) owner() string { return discovery.Owner(c.Token.Fingerprint(), c.API) }

// banned reports whether a question was not let through to Discord because this
// machine's address is banned for a while. It says nothing about the token.
func banned(err error) bool {
	var ban interface {
		error
		BannedFor() time.Duration
	}
	return errors.As(err, &ban)
}

// recall is what Discord told the last run, if this one has its sessions; nil if
// there is nothing to go by.
func (e *Engine) recall() *discovery.Saved {
	if e.cfg.GatewayStore == nil {
		return nil
	}
	saved, err := e.cfg.GatewayStore.LoadGateway()
	switch {
	case err != nil:
		e.logger.Warn("what Discord told the last run about the gateway is not used", "reason", err)
		return nil
	case saved == nil:
		return nil
	}
	e.caller.Recall(*saved)
	if saved.Usable(e.cfg.owner()) != nil || e.cfg.Sessions == nil {
		return nil
	}
	if sessions, err := e.cfg.Sessions.Load(); err != nil || sessions == nil || len(sessions.Sessions) == 0 {
		return nil
	}
	return saved
}

// sleep reports whether d has passed before ctx ended.
func (e *Engine) sleep(ctx context.Context, d time.Duration) bool {
	timer := e.cfg.Clock.NewTimer(max(d, 0))
	defer timer.Stop()
	select {
	case <-timer.C():
		return true
	case <-ctx.Done():
		return false
	}
}

// ask is GET /gateway/bot with a deadline.
func (e *Engine) ask(ctx context.Context) (discord.GatewayBot, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	info, err := e.caller.GatewayBot(ctx)
	if err != nil {
		return info, err
	}
	e.queue.Update(info.Limit)
	e.mu.Lock()
	e.recommended = info.Shards
	e.mu.Unlock()
	return info, nil
}

// refreshBudget lets waiting shards ask Discord what the budget is now.
func (e *Engine) refreshBudget(ctx context.Context) (discord.SessionStartLimit, error) {
	info, err := e.ask(ctx)
	if err != nil {
		e.logger.Warn("Discord could not be asked for the identify budget", "error", err)
		return discord.SessionStartLimit{}, err
	}
	if f := e.current(); f != nil {
		f.SetMainURL(info.URL)
	}
	return info.Limit, nil
}

// apiTrouble says why Discord's REST API cannot be asked, once that has lasted.
func (e *Engine) apiTrouble(now time.Time) string {
	st := e.caller.Status()
	if st.InARow < 2 || st.Err == nil {
		return ""
	}
	text := fmt.Sprintf("%d questions in a row failed: %v", st.InARow, st.Err)
	if st.HoldTill.After(now) {
		text += ", the next not before " + st.HoldTill.UTC().Format("15:04:05 MST")
	}
	return text
}

func apiAlerts(why string) []ops.Alert {
	if why == "" {
		return nil
	}
	return []ops.Alert{{
		ID: "discord/api", Level: ops.AlertWarn, Shard: -1,
		Text: "Discord's REST API cannot be asked for the gateway and the identify budget: " + why,
	}}
}
