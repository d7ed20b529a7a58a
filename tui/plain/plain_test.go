package plain

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/internal/opfake"
)

// talk is a plain console that somebody listens and types to.
type talk struct {
	t    *testing.T
	op   *opfake.Operator
	in   *io.PipeWriter
	mu   sync.Mutex
	out  bytes.Buffer
	done chan error

	change func(*ops.Snapshot) // as opfake.Operator.Change; guarded by mu
}

// becomes has later snapshots be changed like that; nil for not at all.
func (k *talk) becomes(change func(*ops.Snapshot)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.change = change
}

func (k *talk) changed(s *ops.Snapshot) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.change != nil {
		k.change(s)
	}
}

func (k *talk) Write(p []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.out.Write(p)
}

// heard is what was said since the last look.
func (k *talk) heard() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	text := k.out.String()
	k.out.Reset()
	return text
}

func (k *talk) types(line string) {
	fmt.Fprintln(k.in, line)
	synctest.Wait()
}

func (k *talk) passes(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// hears fails unless every text was said since the last look.
func (k *talk) hears(want ...string) {
	k.t.Helper()
	got := k.heard()
	for _, w := range want {
		if !strings.Contains(got, w) {
			k.t.Errorf("nothing said of %q:\n%s", w, got)
		}
	}
}

func listen(t *testing.T, adapt func(*Options, *opfake.Operator), story func(k *talk)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		op := opfake.New(clock.System(), 32)
		read, write := io.Pipe()
		k := &talk{t: t, op: op, in: write, done: make(chan error, 1)}
		op.Change = k.changed
		o := Options{Operator: op, Clock: clock.System(), Input: read, Output: k, User: "ann", CanDetach: true}
		if adapt != nil {
			adapt(&o, op)
		}
		ctx, cancel := context.WithCancel(t.Context())
		go func() { k.done <- Run(ctx, o) }()
		synctest.Wait()
		story(k)
		cancel()
		write.Close()
		synctest.Wait()
	})
}

func TestTheFirstWordsSayWhatThereIs(t *testing.T) {
	listen(t, nil, func(k *talk) {
		k.hears("Type help", "The engine is running: 25 of 32 shards ready", "2 shards queued.", "1 shard failed.", "Critical alert: shard 7 failed", "2 alerts.")
		k.passes(20 * time.Second)
		if got := k.heard(); strings.Count(got, "\n") > 2 {
			t.Errorf("nothing much has changed, and it says\n%s", got)
		}
	})
}

// A storm is told as a sum, and its end too.
func TestAStormIsToldInOneSentence(t *testing.T) {
	listen(t, func(_ *Options, op *opfake.Operator) { op.Calm = true }, func(k *talk) {
		k.heard()
		k.becomes(func(s *ops.Snapshot) {
			for i := range 20 {
				s.Shards[i].State, s.Shards[i].Reconnects = ops.ShardResuming, 1
			}
			s.Fleet.ByState[ops.ShardReady] -= 20
		})
		k.passes(2 * every)
		k.hears("20 shards are resuming.\n")
		k.becomes(func(s *ops.Snapshot) {
			for i := range 20 {
				s.Shards[i].Reconnects = 1
			}
		})
		k.passes(2 * every)
		k.hears("20 shards are ready; all 32 are.\n")
		k.becomes(func(s *ops.Snapshot) {
			s.Shards[3].State, s.Shards[3].Fault = ops.ShardFailed, "Discord refuses the token."
			s.Shards[4].State, s.Shards[5].State = ops.ShardBackoff, ops.ShardBackoff
			s.Sinks[0].State, s.Sinks[0].LastError, s.Sinks[0].Depth = ops.SinkRetrying, "connection refused", 12
			s.Alerts = []ops.Alert{{ID: "sink/bot", Level: ops.AlertWarn, Shard: -1, Text: "sink bot lags"}}
		})
		k.passes(2 * every)
		k.hears("Shard 3 has failed: Discord refuses the token.\n", "Shards 4 and 5 are in backoff.", "is retrying: connection refused; 12 events wait.", "Alert: sink bot lags\n")
		k.becomes(nil)
		k.passes(2 * every)
		k.hears("Alert over: sink bot lags")
	})
}

func TestCommandsAreTypedAndConfirmedInWords(t *testing.T) {
	listen(t, nil, func(k *talk) {
		k.heard()
		k.types("restart 3")
		k.hears("Shard 3 reconnects and resumes its session; no identify is spent, no event lost. Type yes to go on")
		k.types("no")
		k.hears("Not done.")
		if n := len(k.op.Commands()); n != 0 {
			t.Fatalf("%d commands without a yes", n)
		}
		k.types("restart 3")
		k.types("yes")
		k.hears("Asked.")
		if got := k.op.Commands(); len(got) != 1 || got[0].Kind != ops.CommandRestart || got[0].Shards[0] != 3 || got[0].By != "ann" {
			t.Errorf("%+v", got)
		}
		for line, want := range map[string]string{
			"status": "25 of 32 shards ready", "alerts": "Critical alert", "shards": "Shard 7: failed", "shards lat>x": "Not a filter",
			"shards id:3": "Shard 3: ready", "shard 3": "Shard 3: ready for", "shard 99": "0 to 31", "sinks": "Sink audit: retrying", "where x": "Expected the id of a guild",
			"restart": "0 to 31", "pause nobody": "Expected the name of a sink", "dance": `"dance" is not a command`, "help": "reshard SHARDS:",
			"actions": "Rolling restart of all shards", "reshard zero": "Expected a number of shards",
			fmt.Sprintf("where %d", k.op.Guild(12, 1)): "is on shard 12 of 32, unavailable",
		} {
			k.types(line)
			k.passes(time.Second)
			k.hears(want)
		}
		k.types("pause bot")
		k.hears("Deliveries to bot are held")
		k.types("yes")
		k.types("reshard 64")
		k.passes(time.Second)
		k.hears("From 32 to 64 shards costs", "Type 64 to go on")
		k.types("64")
		k.passes(time.Second)
		got := k.op.Commands()
		if last := got[len(got)-1]; last.Kind != ops.CommandReshard || last.Target.Total != 64 {
			t.Errorf("%+v", got)
		}
	})
}

func TestAReadOnlyPlainConsoleOnlyTells(t *testing.T) {
	listen(t, func(o *Options, _ *opfake.Operator) { o.ReadOnly = true }, func(k *talk) {
		for _, line := range []string{"restart 3", "yes", "pause bot", "yes", "reshard 64", "64", "drain", "drain"} {
			k.types(line)
		}
		k.hears("this console is read-only")
		if n := len(k.op.Commands()); n != 0 {
			t.Errorf("%d commands", n)
		}
	})
}

func TestLeavingAsksWhetherTheEngineStops(t *testing.T) {
	ends := func(k *talk, want error) {
		t.Helper()
		select {
		case err := <-k.done:
			if !errors.Is(err, want) {
				t.Errorf("it ended with %v, want %v", err, want)
			}
		default:
			t.Error("it has not ended")
		}
	}
	listen(t, nil, func(k *talk) {
		k.types("quit")
		k.hears("The engine stops", "detach leaves it running")
		k.types("hm")
		k.hears("Not done.")
		k.types("quit")
		k.types("stop")
		ends(k, nil)
	})
	listen(t, nil, func(k *talk) {
		k.types("quit")
		k.types("detach")
		ends(k, ErrDetached)
	})
	listen(t, func(o *Options, _ *opfake.Operator) { o.Attached = true }, func(k *talk) {
		k.types("quit")
		ends(k, nil)
	})
	listen(t, func(o *Options, _ *opfake.Operator) { o.CanDetach = false }, func(k *talk) {
		k.types("detach")
		k.hears("Not possible here")
	})
}

// Without anything to read it goes on telling.
func TestAClosedInputIsNoEnd(t *testing.T) {
	listen(t, nil, func(k *talk) {
		k.in.Close()
		k.passes(time.Second)
		k.heard()
		k.becomes(func(s *ops.Snapshot) { s.Phase = ops.PhaseDraining })
		k.passes(2 * every)
		k.hears("The engine is draining.")
	})
}

func TestAnEngineThatDoesNotAnswerIsSaidOnce(t *testing.T) {
	listen(t, nil, func(k *talk) {
		k.op.Fail(errors.New("gone away"))
		k.passes(30 * time.Second)
		if got := k.heard(); strings.Count(got, "does not answer") != 1 {
			t.Errorf("%s", got)
		}
		k.op.Fail(nil)
		k.passes(5 * time.Second)
		k.hears("The engine answers again.")
	})
}
