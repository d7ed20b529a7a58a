package fleet

import (
	"fmt"
	"slices"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// Do carries out a shard command on each of its shards. It checks all of them
// first and fails with a *ops.RefusedError, so that a command is done to every
// shard or to none.
func (f *Fleet) Do(cmd ops.Command) error {
	if err := f.Check(cmd); err != nil {
		return err
	}
	for _, id := range cmd.Shards {
		r := f.shard(id).runner
		switch cmd.Kind {
		case ops.CommandRestart:
			r.Restart()
		case ops.CommandReidentify:
			r.Reidentify()
		case ops.CommandStop:
			r.Stop(false)
		case ops.CommandStart:
			r.Start()
		}
	}
	return nil
}

// Check says whether a shard command is possible now for each of its shards. It fails
// with a *ops.RefusedError.
func (f *Fleet) Check(cmd ops.Command) error {
	if len(cmd.Shards) == 0 {
		return &ops.RefusedError{Command: cmd, Reason: "no shard was named"}
	}
	for _, id := range cmd.Shards {
		if why := f.refusal(cmd.Kind, id); why != "" {
			return &ops.RefusedError{Command: cmd, Reason: fmt.Sprintf("shard %d %s", id, why)}
		}
	}
	return nil
}

// refusal says why a command is not possible for a shard; empty if it is.
func (f *Fleet) refusal(kind ops.CommandKind, id int) string {
	s := f.shard(id)
	if s == nil {
		return fmt.Sprintf("is not held here; this process holds %d to %d", f.cfg.First, f.cfg.Last)
	}
	state := s.runner.Status().State
	if state == ops.ShardIdle {
		return "has not been started yet: its turn to identify comes later"
	}
	return ops.Refusal(kind, state)
}

// Resolve names the shards of the workers that a command is for, or all of them if it
// is for all. Those that cannot be restarted are left alone, unless none can. It fails with a *ops.RefusedError.
func (f *Fleet) Resolve(cmd ops.Command) (ops.Command, error) {
	refuse := func(format string, args ...any) (ops.Command, error) {
		return cmd, &ops.RefusedError{Command: cmd, Reason: fmt.Sprintf(format, args...)}
	}
	switch {
	case cmd.Kind == ops.CommandRestart:
	case cmd.All:
		return refuse("all shards at a time can be restarted, and nothing else: name those that it is for")
	case len(cmd.Workers) > 0:
		return refuse("workers can be restarted, and nothing else")
	}
	ids, why := slices.Clone(cmd.Shards), ""
	workers := slices.Clone(cmd.Workers)
	for i := 0; cmd.All && i < len(f.workers); i++ {
		workers = append(workers, i)
	}
	for _, id := range workers {
		if id < 0 || id >= len(f.workers) {
			return refuse("there is no worker %d; they are 0 to %d", id, len(f.workers)-1)
		}
		for _, s := range f.workers[id].ids {
			if no := f.refusal(cmd.Kind, s); no != "" {
				why = fmt.Sprintf("shard %d %s", s, no)
				continue
			}
			ids = append(ids, s)
		}
	}
	if len(ids) == 0 && why != "" {
		return refuse("none of their shards can be restarted: %s", why)
	}
	slices.Sort(ids)
	cmd.Shards = slices.Compact(ids)
	return cmd, nil
}
