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

// meeting is what a start goes by.
type meeting struct {
	discord.GatewayBot
	total int // shards of the sessions that are resumed; 0 if they do not decide it
}

// earlier is what the last run has left.
type earlier struct {
	told  *discovery.Saved // by Discord; nil if there is nothing to go by
	total int              // shards of its sessions, if they can be resumed; else 0
}

// meet finds out where the gateway is, before anything else: from Discord, or, if
// it cannot be asked just now, from what it told the last run. It returns nil and
// no error if ctx ends; a disk that hangs is left behind once late has ended.
//
// An address where nobody answers is an error at once, since it is most likely a
// wrong one; a Discord in trouble is asked again until it answers or ctx ends.
func (e *Engine) meet(ctx, late context.Context) (*meeting, error) {
	var known earlier
	if !within(late, func() { known = e.recall() }) {
		return nil, e.hangs()
	}
	for {
		info, err := e.ask(ctx)
		if err == nil {
			return &meeting{GatewayBot: info}, nil
		}
		if !within(late, e.keepHold) {
			return nil, e.hangs()
		}
		var rest *discord.RESTError
		var told *discovery.Error
		switch {
		case ctx.Err() != nil:
			return nil, nil
		case errors.As(err, &rest) && rest.Fatal() && !banned(err):
			return nil, &FatalError{err}
		case known.told != nil:
			return e.goBy(&known, err), nil
		case rest == nil && !banned(err) || !errors.As(err, &told):
			return nil, err
		}
		e.logger.Warn("Discord's API is in trouble, it is asked again", "at", told.RetryAt.UTC().Format(time.RFC3339), "error", told.Err)
		if !e.sleep(ctx, told.RetryAt.Sub(e.cfg.Clock.Now())) {
			return nil, nil
		}
	}
}

// goBy starts by what the last run was told. The number of shards is that of its
// sessions: Discord may recommend another one since, by which none could be resumed.
func (e *Engine) goBy(known *earlier, why error) *meeting {
	told := known.told
	e.logger.Warn("Discord's API cannot be asked, going by what it told before: shards with a session resume, others wait until it answers",
		"told", told.ToldAt.Format(time.RFC3339), "error", why)
	return &meeting{total: known.total, GatewayBot: discord.GatewayBot{URL: told.URL, Shards: told.Shards,
		Limit: discord.SessionStartLimit{Total: told.Total, MaxConcurrency: told.MaxConcurrency}}}
}

// keepHold keeps for the next start how long Discord has told to wait, if it has:
// one that fails again and again must not ask each time.
func (e *Engine) keepHold() {
	saved, _ := e.caller.Saved()
	if e.cfg.GatewayStore == nil || saved.HoldTill.IsZero() {
		return
	}
	if err := e.cfg.GatewayStore.SaveGateway(&saved); err != nil {
		e.logger.Warn("that Discord has told to wait is not known to the next start", "until", saved.HoldTill.Format(time.RFC3339), "error", err)
	}
}

// owner is whose words GatewayStore keeps.
//
// They hold at whatever address: to leave a proxy, or to take one, is what people do
// when Discord's API cannot be reached.
func (c *Config) owner() string { return c.Token.Fingerprint() }

// banned reports whether a question was not let through to Discord because this
// machine's address is banned for a while. It says nothing about the token.
func banned(err error) bool {
	var ban interface {
		error
		BannedFor() time.Duration
	}
	return errors.As(err, &ban)
}

// recall is what the last run has left. What Discord told it is nothing to go by
// without its sessions.
func (e *Engine) recall() (known earlier) {
	if e.cfg.GatewayStore == nil {
		return known
	}
	saved, err := e.cfg.GatewayStore.LoadGateway()
	switch {
	case err != nil:
		e.logger.Warn("what Discord told the last run about the gateway is not used", "reason", err)
		return known
	case saved == nil:
		return known
	}
	e.caller.Recall(*saved)
	if saved.Usable(e.cfg.owner()) != nil || e.cfg.Sessions == nil {
		return known
	}
	sessions, err := e.cfg.Sessions.Load()
	if err != nil || sessions == nil || len(sessions.Sessions) == 0 {
		return known
	}
	known.told = saved
	if total := sessions.Identity.Total; sessions.Usable(e.cfg.Clock.Now(), e.cfg.identity(total)) == nil {
		known.total = total
	}
	return known
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
	e.told = info
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
	return fmt.Sprintf("%d questions in a row failed: %s", st.InARow, lastFailure(&st, now))
}

// lastFailure is the last error, and when Discord is asked again.
func lastFailure(st *discovery.Status, now time.Time) string {
	text := fmt.Sprint(st.Err)
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
