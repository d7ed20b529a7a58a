package engine

import (
	"fmt"
	"log/slog"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// ringLevel is the least level of the lines that the log ring keeps: info, or what is
// logged if that is less severe.
type ringLevel struct{ log *slog.LevelVar }

// Level implements [slog.Leveler].
func (r ringLevel) Level() slog.Level { return min(r.log.Level(), slog.LevelInfo) }

// beginLogLevel sets the least level that is logged.
func (e *Engine) beginLogLevel(cmd ops.Command) (*operation, error) {
	switch cmd.Level {
	case ops.LevelDebug, ops.LevelInfo, ops.LevelWarn, ops.LevelError:
	default:
		return nil, &ops.RefusedError{Command: cmd, Reason: fmt.Sprintf("%d is not a level; allowed: debug, info, warn, error", cmd.Level)}
	}
	was := ops.Level(e.cfg.LogLevel.Level())
	e.cfg.LogLevel.Set(slog.Level(cmd.Level))
	op := newOperation(cmd, e.cfg.Clock)
	op.end(nil, fmt.Sprintf("%s: it was %s", op.what, was))
	return op, nil
}
