package main

import (
	"context"
	"fmt"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// demoReshard is how the reshard of a demo came out.
type demoReshard struct {
	From    int     `json:"from"`
	To      int     `json:"to"`
	Seconds float64 `json:"seconds"`
	Both    uint64  `json:"both"`     // events that came from both fleets
	OnlyOld uint64  `json:"only_old"` // that the next fleet did not have
	OnlyNew uint64  `json:"only_new"` // that the active fleet did not have
	GapMS   float64 `json:"gap_ms"`   // without deliveries at the switch
	Problem string  `json:"problem"`  // why it is not done; empty if it is
}

// demoBy is who reshards in a demo, for the log.
const demoBy = "the demo"

// reshard has the bot resharded when its time has come, and books how it came out.
func (w *demoWorld) reshard(ctx context.Context, op ops.Operator) {
	out := demoReshard{From: w.options.shards, To: w.options.reshardTo, Problem: "the demo ended before it began"}
	w.book(out)
	if !wait(ctx, w.options.reshardAt) {
		return
	}
	began := time.Now()
	out.Problem = "the demo ended before it was done"
	w.book(out)
	err := carryOut(ctx, op, ops.Command{Kind: ops.CommandReshard, Target: ops.Target{Total: w.options.reshardTo}, By: demoBy})
	if ctx.Err() != nil && err != nil {
		return
	}
	out.Seconds, out.Problem = time.Since(began).Seconds(), ""
	if err != nil {
		out.Problem = err.Error()
	}
	if last, err := op.Snapshot(ctx); err == nil && len(last.Reshard.History) > 0 {
		r := last.Reshard.History[0]
		out.Both, out.OnlyOld, out.OnlyNew, out.GapMS = r.Both, r.OnlyOld, r.OnlyNew, float64(r.Gap)/float64(time.Millisecond)
	}
	w.book(out)
}

func (w *demoWorld) book(r demoReshard) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.resharded = &r
}

// demoPatience is how long a reshard that is refused is asked for again: the fleet
// may still be starting.
const demoPatience = 15 * time.Second

// carryOut has a command done and waits for its end.
func carryOut(ctx context.Context, op ops.Operator, cmd ops.Command) error {
	task, err := op.Do(ctx, cmd)
	for end := time.Now().Add(demoPatience); err != nil && time.Now().Before(end) && wait(ctx, time.Second); {
		task, err = op.Do(ctx, cmd)
	}
	if err != nil {
		return err
	}
	select {
	case <-task.Done():
		return task.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// text is the line of the summary.
func (r *demoReshard) text() string {
	return fmt.Sprintf("%d to %d shards in %.1fs; %s events on both fleets, %s only on the old, %s only on the new; %.1fms without deliveries at the switch",
		r.From, r.To, r.Seconds, grouped(r.Both), grouped(r.OnlyOld), grouped(r.OnlyNew), r.GapMS)
}

// checkReshard refuses a reshard that cannot be played, and fills in what was not
// given.
func (o *demoOptions) checkReshard() error {
	if o.recommend == 0 {
		o.recommend = min(2*o.shards, mostShards)
	}
	if o.reshardTo == 0 {
		o.reshardTo = o.recommend
	} else if o.reshardAt == 0 {
		return usagef("--reshard-to: %d needs --reshard-at, the time at which the demo reshards, such as 10s", o.reshardTo)
	}
	least := fewestShards(o.guilds)
	switch {
	case o.reshardAt < 0:
		return usagef("--reshard-at: %s is below zero; 0 means not at all", o.reshardAt)
	case o.duration > 0 && o.reshardAt >= o.duration:
		return usagef("--reshard-at: %s is not before the end, --duration %s; leave it half a minute", o.reshardAt, o.duration)
	case o.reshardTo < least || o.reshardTo > mostShards:
		return usagef("--reshard-to: %d is out of range; allowed for %d guilds: %d to %d", o.reshardTo, o.guilds, least, mostShards)
	}
	return nil
}
