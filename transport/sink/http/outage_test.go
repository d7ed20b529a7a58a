package httpsink

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/delivery"
	"github.com/gatehouse-gateway/gatehouse/engine/event"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/engine/spool"
)

// The tests of this file have a runner deliver through the sink.

// memory is dead letters that are not kept.
type memory struct {
	mu     sync.Mutex
	buried int
}

func (m *memory) Bury(_ string, events []event.Event, _ string) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.buried += len(events)
	return 0, nil
}

func (m *memory) Count(string) (int, int) { return 0, 0 }

// runnerTo runs a runner over a sink for the rest of the test's bubble.
func runnerTo(t *testing.T, s *Sink, batch int) (*spool.Log, *delivery.Runner, *memory) {
	t.Helper()
	log, letters := spool.New(spool.Config{}), &memory{}
	r := delivery.New(delivery.Config{
		Name: "bot", Sink: s, Batch: batch, Parallel: 8, MaxAttempts: 3, DeadLetters: letters,
		Clock: clock.System(), Random: func() float64 { return 0.5 }, Logger: slog.New(slog.DiscardHandler),
		StateChanged: func(ops.SinkState, string) {},
	})
	if err := r.Attach(log, 0); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { r.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	return log, r, letters
}

// The bot misbehaves for a minute and is well again: it gets every event, each
// shard's in order, whole batches at a time.
func TestNothingIsLostToMisbehaviour(t *testing.T) {
	const shards, events = 3, 40
	for name, broken := range misbehaviour {
		story(t, name, func(t *testing.T) {
			begin := time.Now()
			b := newBot(t, func(c *botConn) {
				if time.Since(begin) < time.Minute {
					broken(c)
					return
				}
				for c.request() {
					if _, err := io.WriteString(c, ok); err != nil {
						return
					}
				}
			})
			log, r, letters := runnerTo(t, b.sink(), 16)
			for n := range events {
				for shard := range shards {
					ev := someEvents(1, 10)[0]
					ev.ShardID, ev.ID = shard, event.ID{Session: uint64(shard), Seq: int64(n)}
					if _, err := log.Append(t.Context(), &ev); err != nil {
						t.Fatal(err)
					}
				}
			}
			<-time.After(time.Minute)
			_, before := b.seen()
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			if err := r.Drained(ctx); err != nil {
				t.Fatalf("%v: %+v", err, r.Status(time.Now()))
			}
			_, requests := b.seen()
			inOrder(t, requests[len(before):], shards, events)
			// Three of sixteen and less each, and one more at most for the probe.
			if n := len(requests) - len(before); n > 4*shards {
				t.Errorf("%d requests for %d events", n, shards*events)
			}
			if letters.buried != 0 {
				t.Errorf("%d buried", letters.buried)
			}
		})
	}
}

// inOrder checks that the requests bring each shard's events to the end, in
// order. Some of them may have been acknowledged before.
func inOrder(t *testing.T, requests []received, shards, events int) {
	t.Helper()
	last := make(map[int]int64)
	for _, r := range requests {
		for line := range strings.Lines(r.body) {
			ev, err := event.Parse([]byte(strings.TrimSuffix(line, "\n")))
			if err != nil {
				t.Fatal(err)
			}
			if before, known := last[ev.ShardID]; known && ev.ID.Seq != before+1 {
				t.Errorf("shard %d: event %d after %d", ev.ShardID, ev.ID.Seq, before)
			}
			last[ev.ShardID] = ev.ID.Seq
		}
	}
	for shard := range shards {
		if last[shard] != int64(events-1) {
			t.Errorf("shard %d: up to event %d of %d", shard, last[shard], events)
		}
	}
}

func TestABotMayNameTheTimeOfTheNextTry(t *testing.T) {
	for name, header := range map[string]func() string{
		"seconds": func() string { return "30" },
		"a date":  func() string { return time.Now().Add(30 * time.Second).UTC().Format(http.TimeFormat) },
	} {
		for _, code := range []int{429, 503} {
			story(t, fmt.Sprintf("%d with %s", code, name), func(t *testing.T) {
				var tries []time.Time
				b := newBot(t, func(c *botConn) {
					for c.request() {
						answer := ok
						c.bot.mu.Lock()
						if tries = append(tries, time.Now()); len(tries) == 1 {
							answer = status(code, "Retry-After: "+header()+"\r\n")
						}
						c.bot.mu.Unlock()
						if _, err := io.WriteString(c, answer); err != nil {
							return
						}
					}
				})
				log, r, _ := runnerTo(t, b.sink(), 1)
				ev := someEvents(1, 10)[0]
				if _, err := log.Append(t.Context(), &ev); err != nil {
					t.Fatal(err)
				}
				<-time.After(10 * time.Second)
				if st := r.Status(time.Now()); st.State != ops.SinkRetrying || time.Until(st.NextTry) != 20*time.Second {
					t.Errorf("after ten seconds: %+v", st)
				}
				<-time.After(time.Minute)
				b.mu.Lock()
				defer b.mu.Unlock()
				if len(tries) != 2 || tries[1].Sub(tries[0]) != 30*time.Second {
					t.Errorf("tries at %v", tries)
				}
			})
		}
	}
}

// A bot that does not want our secret is asked once, and no more until an
// operator says so.
func TestARefusedSecretIsNotTriedOnAndOn(t *testing.T) {
	for _, code := range []int{401, 403} {
		story(t, fmt.Sprint(code), func(t *testing.T) {
			b := answering(t, status(code))
			log, r, letters := runnerTo(t, b.sink(), 1)
			for i := range 5 {
				ev := someEvents(5, 10)[i]
				if _, err := log.Append(t.Context(), &ev); err != nil {
					t.Fatal(err)
				}
			}
			<-time.After(24 * time.Hour)
			if _, requests := b.seen(); len(requests) != 1 {
				t.Errorf("%d requests", len(requests))
			}
			st := r.Status(time.Now())
			if st.State != ops.SinkRefused || st.Depth != 5 || letters.buried != 0 || strings.Contains(st.LastError, "s3cr3t") {
				t.Errorf("%+v", st)
			}
		})
	}
}

// One bot of several is gone in a way that costs the most: it takes connections
// and never answers. The others get all of theirs meanwhile.
func TestABotThatHangsHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hung := newBot(t, misbehaviour["reads all and hangs"])
		well := answering(t, ok)
		_, _, _ = runnerTo(t, hung.sink(), 16)
		logs := make([]*spool.Log, 0, 2)
		for _, b := range []*bot{hung, well} {
			log, _, _ := runnerTo(t, b.sink(), 16)
			logs = append(logs, log)
		}
		begin := time.Now()
		for n := range 100 {
			for shard := range 3 {
				ev := someEvents(1, 10)[0]
				ev.ShardID, ev.ID = shard, event.ID{Session: uint64(shard), Seq: int64(n)}
				for _, log := range logs {
					if _, err := log.Append(t.Context(), &ev); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		synctest.Wait()
		_, requests := well.seen()
		inOrder(t, requests, 3, 100)
		if time.Since(begin) != 0 {
			t.Errorf("it took %v", time.Since(begin))
		}
	})
}
