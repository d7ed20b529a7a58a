package engine

import (
	"fmt"
	"sync"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// report is what can be seen of it.
func (r *resharding) report() *ops.ReshardRun {
	now := r.engine.cfg.Clock.Now()
	run := &ops.ReshardRun{
		Plan: *r.plan, By: r.by, Begun: r.begun, Phase: r.phase, Since: r.since, Paused: r.paused, Waits: r.waits,
		ByState: r.states(), Waves: r.plan.Waves,
		Guilds: r.guilds, GuildsAll: r.guildsAll, Missing: r.missing,
		Both: r.last.Both, OnlyOld: r.last.OnlyOld, OnlyNew: r.last.OnlyNew, Waiting: r.last.Waiting, Bytes: r.last.Bytes,
		Agreed: min(r.agreed(now), r.engine.reshardConfig().Soak), Soak: r.engine.reshardConfig().Soak,
	}
	if r.phase == ops.ReshardLoad {
		run.Timeout = r.since.Add(r.engine.reshardConfig().LoadTimeout)
	}
	if sent := int(r.next.sent.Load()); sent > 0 {
		run.Wave = min((sent-1)/max(r.perWave(), 1)+1, run.Waves)
	}
	if left := r.size() - run.ByState[ops.ShardReady]; r.phase == ops.ReshardSpawn && left > 0 && !r.paused {
		waves := (left + r.perWave() - 1) / max(r.perWave(), 1)
		run.UpAt = now.Add(time.Duration(waves) * r.plan.Spacing)
	}
	r.op.follow(run)
	return run
}

// perWave is how many shards identify at a time.
func (r *resharding) perWave() int {
	return max((r.size()+max(r.plan.Waves, 1)-1)/max(r.plan.Waves, 1), 1)
}

// result is what is kept of it once it has ended.
func (r *resharding) result() ops.ReshardResult {
	res := ops.ReshardResult{
		Begun: r.begun, Ended: r.engine.cfg.Clock.Now(), From: r.plan.From, To: r.plan.To, By: r.by,
		Phase: r.phase, Identifies: int(r.next.sent.Load()),
		Both: r.last.Both, OnlyOld: r.last.OnlyOld, OnlyNew: r.last.OnlyNew, Gap: r.gap,
	}
	if r.err != nil {
		res.Err = r.err.Error()
	}
	return res
}

// When a reshard that does not go on becomes an alert.
const (
	spawnLate = 2 * time.Minute // beyond the time that the plan gives it
	agreeLate = 5 * time.Minute // beyond the soak
)

// alerts are the conditions that need a person.
func (r *resharding) alerts(run *ops.ReshardRun) []ops.Alert {
	now := r.engine.cfg.Clock.Now()
	lasts := now.Sub(r.since)
	late := map[ops.ReshardPhase]time.Duration{
		ops.ReshardSpawn: r.plan.Spawn + spawnLate, ops.ReshardLoad: r.engine.reshardConfig().LoadTimeout, ops.ReshardOverlap: run.Soak + agreeLate,
	}[r.phase]
	if late == 0 || lasts < late || r.paused {
		return nil
	}
	return []ops.Alert{{
		ID: "reshard/" + r.phase.String(), Level: ops.AlertWarn, Shard: -1,
		Text: fmt.Sprintf("the reshard from %d to %d shards has been in %s for %s: %s (abort it, or force it if you know what it means)",
			r.plan.From, r.plan.To, r.phase, lasts.Truncate(time.Minute), r.waits),
	}}
}

// reshardOperation is the handle of who has begun a reshard.
type reshardOperation struct {
	what string
	done chan struct{}

	mu       sync.Mutex
	progress ops.Progress
	err      error
}

var _ ops.Operation = (*reshardOperation)(nil)

func newReshardOperation(cmd ops.Command) *reshardOperation {
	return &reshardOperation{what: cmd.What(), done: make(chan struct{})}
}

// follow keeps up with the reshard: its steps are the shards that are ready, the
// guilds that the next fleet holds, and the switch.
func (op *reshardOperation) follow(run *ops.ReshardRun) {
	op.mu.Lock()
	defer op.mu.Unlock()
	select {
	case <-op.done:
		return
	default:
	}
	shards := run.Plan.Last - run.Plan.First + 1
	op.progress = ops.Progress{
		Done: run.ByState[ops.ShardReady] + run.Guilds, Total: shards + max(run.GuildsAll, run.Plan.Guilds) + 1,
		Text: run.Phase.String() + ": " + run.Waits,
	}
}

func (op *reshardOperation) end(err error, text string) {
	op.mu.Lock()
	defer op.mu.Unlock()
	op.err, op.progress.Text = err, text
	if err == nil {
		op.progress.Done = op.progress.Total
	}
	close(op.done)
}

// Progress is how far the reshard has come.
func (op *reshardOperation) Progress() ops.Progress {
	op.mu.Lock()
	defer op.mu.Unlock()
	return op.progress
}

// Done is closed when the reshard has ended.
func (op *reshardOperation) Done() <-chan struct{} { return op.done }

// Err is nil while it runs and after success.
func (op *reshardOperation) Err() error {
	op.mu.Lock()
	defer op.mu.Unlock()
	return op.err
}
