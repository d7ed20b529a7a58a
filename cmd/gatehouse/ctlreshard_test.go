package main

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/transport/control"
)

// fakePlan is a plan from 16 to 32 shards that could begin.
func fakePlan() *ops.ReshardPlan {
	return &ops.ReshardPlan{
		At: fakeNow(), From: 16, FromLast: 15, To: 32, Last: 31, Why: "Discord recommends 32", Recommended: 32,
		Identifies: 32, Known: true, Remaining: 968, Reserve: 100, ResetAt: ago(-3 * time.Hour), MaxConcurrency: 16,
		Waves: 2, Spacing: 5 * time.Second, Spawn: 5 * time.Second, ETA: 20 * time.Second,
		Guilds: 32000, Capacity: 2500, FullestNow: ops.Fullest{Shard: 3, Guilds: 2100}, FullestThen: ops.Fullest{Shard: 19, Guilds: 1060},
		Memory: 300 << 20, More: 600 << 20, Warnings: []string{"the bot has to join its voice channels anew"},
	}
}

const fakePlanText = `shards      16 → 32: Discord recommends 32
identifies  32 of 968 left; 936 after it, reserve 100, reset in 3h0m
waves       2 of up to 16, 5s apart; the last identify after 5s
switch      in about 20s if nothing fails; events flow all the while
guilds      32 000 here: 2 000 a shard now, 1 000 then, 2 500 allowed
fullest     shard 3 with 2 100 guilds (84.0 %) → shard 19 with 1 060 guilds (42.4 %)
memory      300 MiB now; about 600 MiB more while both fleets are up
warning     the bot has to join its voice channels anew
`

func TestCtlPlanShowsWhatAReshardWouldCost(t *testing.T) {
	e := &fakeEngine{plan: fakePlan()}
	path := serveFake(t, e)
	got := gatehouse(t, nil, "ctl", "plan", "--control", path)
	if got.code != exitDone || got.stdout != fakePlanText || got.stderr != "" || e.asked != (ops.Target{}) {
		t.Errorf("%d %s:\n%s", got.code, got.stderr, got.stdout)
	}
	if got = gatehouse(t, nil, "ctl", "plan", "--control", path, "--to", "32", "--first", "8", "--last", "15"); e.asked != (ops.Target{Total: 32, First: 8, Last: 15, Slice: true}) {
		t.Errorf("%+v, asked for %+v", got, e.asked)
	}
	got = gatehouse(t, nil, "ctl", "plan", "--control", path, "-o", "json")
	var plan struct {
		To       int      `json:"to"`
		ETA      float64  `json:"eta_ms"`
		Refusals []string `json:"refusals"`
	}
	if err := json.Unmarshal([]byte(got.stdout), &plan); err != nil || plan.To != 32 || plan.ETA != 20_000 || plan.Refusals == nil {
		t.Errorf("%v: %+v\n%s", err, plan, got.stdout)
	}
}

func TestARefusedPlanHasItsOwnExitCode(t *testing.T) {
	plan := fakePlan()
	plan.Remaining, plan.Refusals = 20, []string{"12 session starts are missing: wait for the reset"}
	e := &fakeEngine{plan: plan}
	path := serveFake(t, e)
	for _, args := range [][]string{{"plan"}, {"plan", "-o", "json"}, {"reshard", "--yes"}} {
		got := gatehouse(t, nil, append([]string{"ctl", "--control", path}, args...)...)
		if got.code != exitBarred || !strings.Contains(got.stdout, "12 session starts are missing: wait for the reset") || got.stderr != "" {
			t.Errorf("%v: %+v", args, got)
		}
	}
	got := gatehouse(t, nil, "ctl", "plan", "--control", path)
	if !strings.Contains(got.stdout, "\nidentifies  32 of 20 left: 12 too few, reserve 100") || !strings.HasSuffix(got.stdout, "\nREFUSED     12 session starts are missing: wait for the reset\n") {
		t.Errorf("got\n%s", got.stdout)
	}
	if e.did().Kind != 0 {
		t.Errorf("a refused plan was begun: %+v", e.did())
	}
	got = gatehouse(t, nil, "ctl", "plan", "--control", serveFake(t, &fakeEngine{}))
	if got.code != exitBarred || got.stderr != "gatehouse: no plan: the engine has not started yet\n" {
		t.Errorf("without a fleet: %+v", got)
	}
}

func TestCtlReshardBeginsWhatItHasShown(t *testing.T) {
	e := &fakeEngine{plan: fakePlan(), steps: make([]ops.Progress, 1000)} // it is not over soon
	path := serveFake(t, e)
	got := gatehouse(t, nil, "ctl", "reshard", "--yes", "--control", path)
	if want := (ops.Target{Total: 32}); got.code != exitDone || e.did().Kind != ops.CommandReshard || e.did().Target != want || got.stdout != fakePlanText+e.did().What()+": accepted\n" {
		t.Errorf("%+v, did %+v", got, e.did())
	}
	got = gatehouse(t, nil, "ctl", "reshard", "--yes", "--to", "32", "--first", "0", "--last", "31", "-o", "json", "--control", path)
	if want := (ops.Target{Total: 32, Last: 31, Slice: true}); got.code != exitDone || e.did().Target != want || got.stderr != fakePlanText || !json.Valid([]byte(got.stdout)) {
		t.Errorf("a slice: %+v, did %+v", got, e.did())
	}
	e.refuse = "the breaker has stopped identifies"
	if got = gatehouse(t, nil, "ctl", "reshard", "--yes", "--control", path); got.code != exitBarred || got.stderr != "gatehouse: reshard refused: the breaker has stopped identifies\n" {
		t.Errorf("refused: %+v", got)
	}
}

func TestCtlReshardWaitsAndTells(t *testing.T) {
	e := &fakeEngine{plan: fakePlan(), run: fakeRun(), steps: []ops.Progress{{Total: 33}, {Total: 33}, {Done: 33, Total: 33, Text: "reshard 16 to 32 is done after 21s"}}}
	got := gatehouse(t, nil, "ctl", "reshard", "--yes", "--wait", "--control", serveFake(t, e))
	if got.code != exitDone || !strings.HasSuffix(got.stdout, "\nreshard 16 to 32 is done after 21s\n") || got.stderr != fakeRunText+"\n" {
		t.Errorf("%+v", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	e = &fakeEngine{plan: fakePlan()}
	c := &ctl{app: &app{stderr: &strings.Builder{}}}
	client := control.NewClient(control.ClientConfig{Socket: serveFake(t, e)})
	defer client.Close()
	op := &fakeOperation{steps: []ops.Progress{{}}, done: make(chan struct{})}
	if err := c.watchReshard(ctx, client, op); err == nil || !strings.HasPrefix(err.Error(), "stopped waiting; the reshard goes on: gatehouse ctl reshard status shows it") {
		t.Errorf("after Ctrl-C: %v", err)
	}
}

// fakeRun is a reshard in its overlap.
func fakeRun() *ops.ReshardRun {
	run := &ops.ReshardRun{
		Plan: *fakePlan(), By: "ann (ctl)", Begun: ago(40 * time.Second), Phase: ops.ReshardOverlap, Since: ago(12 * time.Second),
		Waits: "the streams have to agree for 10s", Wave: 2, Waves: 2, Guilds: 31998, GuildsAll: 32000, Missing: []uint64{41771983423143937, 41771983423143938},
		Both: 12345, OnlyOld: 2, OnlyNew: 1, Waiting: 7, Bytes: 4096, Agreed: 4 * time.Second, Soak: 10 * time.Second,
	}
	run.ByState[ops.ShardReady] = 32
	return run
}

const fakeRunText = "16 → 32: overlap for 12s, shards 32 of 32 ready, 31 998 of 32 000 guilds, events 12 345 on both, 2 only old, 1 only new; waits: the streams have to agree for 10s"

func TestCtlShowsTheReshardUnderWay(t *testing.T) {
	e := &fakeEngine{run: fakeRun(), auto: fakeAuto()}
	path := serveFake(t, e)
	want := `now          16 → 32, begun 40s ago by ann (ctl)
phase        overlap for 12s
waits        the streams have to agree for 10s
shards       32 of 32 ready; wave 2 of 2
guilds       31 998 of 32 000
missing      41771983423143937, 41771983423143938
events       12 345 on both, 2 only old, 1 only new; 7 waiting, 4 KiB held
agreed       for 4s of 10s
recommended  16 by Discord
auto         ` + fakeAutoText + "\n"
	if got := gatehouse(t, nil, "ctl", "reshard", "status", "--control", path); got.code != exitDone || got.stdout != want {
		t.Errorf("%+v\n%s", got.stderr, got.stdout)
	}
	if got := gatehouse(t, nil, "ctl", "status", "--control", path); !strings.Contains(got.stdout, "\nreshard     "+fakeRunText+"\n") {
		t.Errorf("status:\n%s", got.stdout)
	}
}

func fakeAuto() ops.ReshardAuto {
	return ops.ReshardAuto{
		On: true, AtPercent: 80, Target: "recommended", NextCheck: ago(-8 * time.Hour), Percent: 81.25, Fullest: ops.Fullest{Shard: 3, Guilds: 2100}, Capacity: 2500,
		Due: "the shards are 81 % full", Held: "the breaker has stopped identifies", PerDay: 120, FullAt: ago(-24 * time.Hour),
	}
}

const fakeAutoText = "at 80 % to recommended; 81.2 % full, fullest shard 3 with 2 100 guilds (84.0 %); next check in 8h0m; due: the shards are 81 % full; " +
	"held: the breaker has stopped identifies; full on 2026-11-23 at 120.0 guilds a day"

func TestCtlShowsReshardsThatHaveEnded(t *testing.T) {
	e := &fakeEngine{auto: fakeAuto(), history: []ops.ReshardResult{
		{Begun: ago(30 * time.Minute), Ended: ago(29 * time.Minute), From: 8, To: 16, By: "ann (ctl)", Phase: ops.ReshardRetire, Identifies: 16, Both: 5000, Gap: 3 * time.Millisecond},
		{Begun: ago(2 * time.Hour), Ended: ago(2*time.Hour - 10*time.Second), From: 8, To: 16, Phase: ops.ReshardLoad, Err: "aborted by ann", Identifies: 16, OnlyOld: 3},
	}}
	path := serveFake(t, e)
	want := `now          none is under way; 8 shards
recommended  16 by Discord
auto         ` + fakeAutoText + `

 AGO  FROM  TO  BY         TOOK  IDENT   BOTH  ONLY OLD  ONLY NEW  GAP
 29m     8  16  ann (ctl)    1m     16  5 000         0         0  3ms  done
2h0m     8  16  –           10s     16      0         3         0    –  ended in load: aborted by ann
`
	if got := gatehouse(t, nil, "ctl", "reshard", "status", "--control", path); got.code != exitDone || got.stdout != want {
		t.Errorf("%+v\n%s", got.stderr, got.stdout)
	}
	if got := gatehouse(t, nil, "ctl", "status", "--control", path); !strings.Contains(got.stdout, "\nreshard     "+fakeAutoText+"; Discord recommends 16 shards\n") {
		t.Errorf("status:\n%s", got.stdout)
	}
}

func TestCtlSteersAReshard(t *testing.T) {
	e := &fakeEngine{run: fakeRun(), steps: []ops.Progress{{Text: "done"}}}
	path := serveFake(t, e)
	for word, kind := range map[string]ops.CommandKind{
		"pause": ops.CommandReshardPause, "resume": ops.CommandReshardResume, "abort": ops.CommandReshardAbort,
	} {
		if got := gatehouse(t, nil, "ctl", "reshard", word, "--control", path); got.code != exitDone || e.did().Kind != kind {
			t.Errorf("%s: %+v, did %+v", word, got, e.did())
		}
	}
	if got := gatehouse(t, nil, "ctl", "reshard", "force", "--control", path); got.code != exitUsage || e.did().Kind == ops.CommandReshardForce {
		t.Errorf("forced without being asked: %+v", got)
	}
	if got := gatehouse(t, nil, "ctl", "reshard", "force", "--yes", "--control", path); got.code != exitDone || e.did().Kind != ops.CommandReshardForce {
		t.Errorf("force: %+v, did %+v", got, e.did())
	}
}

// On a terminal the number is typed: a reflex does not reshard.
func TestOnATerminalTheNumberIsTyped(t *testing.T) {
	for typed, want := range map[string]bool{"32\n": true, "y\n": false, "\n": false, "64\n": false} {
		e := &fakeEngine{plan: fakePlan(), run: fakeRun(), steps: []ops.Progress{{Text: "done"}}}
		path := serveFake(t, e)
		for _, args := range [][]string{{"reshard"}, {"reshard", "force"}} {
			e.commands = nil
			got := onTerminal(t, typed, append([]string{"ctl", "--control", path}, args...)...)
			if done := got.code == exitDone && len(e.commands) == 1; done != want {
				t.Errorf("%v after %q: %+v, did %+v", args, typed, got, e.commands)
			}
			if !want && !strings.HasSuffix(got.stderr, "is not 32: nothing was done\n") {
				t.Errorf("%v after %q: it says %s", args, typed, got.stderr)
			}
		}
	}
}

// onTerminal runs the program with a terminal for its stdin, on which something
// has been typed.
func onTerminal(t *testing.T, typed string, args ...string) outcome {
	t.Helper()
	keyboard, terminal, err := pty.Open()
	if err != nil {
		t.Skipf("no pseudo-terminal here: %v", err)
	}
	defer keyboard.Close()
	defer terminal.Close()
	if _, err := keyboard.WriteString(typed); err != nil {
		t.Fatal(err)
	}
	var out, log strings.Builder
	code := run(t.Context(), args, os.Environ(), terminal, &out, &log)
	return outcome{code, out.String(), log.String()}
}
