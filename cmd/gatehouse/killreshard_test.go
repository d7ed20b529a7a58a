package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/transport/control"
)

// moreShards is the other fleet of the bot that is killed while it reshards.
const moreShards = 2 * killShards

// leftBehind is why the sessions of a fleet end that no later process can know of.
const leftBehind = "its process was killed, and another fleet was saved"

// killSoak is how long the two fleets have to agree there.
const killSoak = 150 * time.Millisecond

// Killed in any phase of a reshard, up and down, Gatehouse comes back on the fleet
// whose sessions are saved, resumes every one of them, and is that fleet alone; the
// bots get everything.
func TestKilledWhileItReshardsItLosesNothing(t *testing.T) {
	t.Parallel()
	seed := *killSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("go test -run %s -killseed %d", t.Name(), seed)
	k := &reshardKilling{killing: killing{w: newKillWorld(t, seed, 1<<22, perGuild), random: rand.New(rand.NewPCG(seed, 0x4b13))},
		socket: filepath.Join(shortDir(t), "c.sock"), phases: map[string]int{}}
	k.w.env = append(k.w.env, "GATEHOUSE_RESHARD_SOAK="+killSoak.String(), "GATEHOUSE_QUEUE_PERSIST_AFTER=20ms", "GATEHOUSE_CONTROL_SOCKET="+k.socket)
	k.settleIn(t)
	k.w.server.SetRate(killRate)
	phases := []ops.ReshardPhase{ops.ReshardNone, ops.ReshardSpawn, ops.ReshardOverlap, ops.ReshardRetire, ops.ReshardLoad}
	end := time.Now().Add(*killFor)
	for i := 0; !t.Failed() && (time.Now().Before(end) || i < len(phases)+1); i++ {
		k.strike(t, phases[i%len(phases)], pick(k.random, 0, upTo(k.random, 60*time.Millisecond), killSoak+upTo(k.random, 400*time.Millisecond)))
	}
	k.end(t)
}

// perGuild is the order that holds over a reshard: the fleets have a guild in
// other shards.
func perGuild(c *discordtest.Config) { c.GuildOrder = true }

// reshardKilling is the story of a bot that is killed while it is resharded.
type reshardKilling struct {
	killing
	socket string
	phases map[string]int // in which it was killed, by phase and direction
	came   map[int]int    // fleets that it came back on, by total
}

// strike is one life: it comes back, reshards, and is killed a while after a phase
// has begun. [ops.ReshardNone] is the end of the reshard.
func (k *reshardKilling) strike(t *testing.T, phase ops.ReshardPhase, later time.Duration) {
	t.Helper()
	p := k.w.start(t)
	defer p.kill()
	from, client := k.comeBack(t, p), control.NewClient(control.ClientConfig{Socket: k.socket})
	defer client.Close()
	if t.Failed() {
		return
	}
	to := killShards + moreShards - from
	// It is refused until all shards are ready.
	err := error(nil)
	if !p.until(func() bool {
		_, err = client.Do(t.Context(), ops.Command{Kind: ops.CommandReshard, Target: ops.Target{Total: to}})
		return err == nil
	}, patience) {
		t.Errorf("%d to %d: %v\n%s", from, to, err, lastLines(p.stderr.String(), 40))
		return
	}
	// A phase may be over before anybody looks.
	seen := ops.ReshardSpawn
	p.until(func() bool {
		seen = now(t.Context(), client, seen)
		return seen >= phase && phase != ops.ReshardNone || seen == ops.ReshardNone
	}, patience)
	if p.lives(later) && later > 0 {
		seen = now(t.Context(), client, seen)
	}
	p.kill()
	k.phases[fmt.Sprintf("%d to %d, %s", from, to, seen)]++
	k.tally.kills++
	log := p.stderr.String()
	if sign := badSigns(log); sign != "" {
		t.Errorf("%d to %d, killed in %s: its log holds %q:\n%s", from, to, seen, sign, lastLines(log, 40))
	}
	k.abandon(t)
}

// now is the phase of the reshard under way, or what it was if nobody answers.
func now(ctx context.Context, client *control.Client, before ops.ReshardPhase) ops.ReshardPhase {
	snap, err := client.Snapshot(ctx)
	if err != nil {
		return before
	}
	if snap.Reshard.Now == nil {
		return ops.ReshardNone
	}
	return snap.Reshard.Now.Phase
}

// comeBack waits until a life has resumed every session that is saved, and
// returns their fleet. There is no other one, and nothing has identified.
func (k *reshardKilling) comeBack(t *testing.T, p *process) (total int) {
	t.Helper()
	total, saved := k.fleet(t)
	if !p.until(func() bool { return len(k.connected(total)) == total }, patience) {
		t.Errorf("%d of %d shards came back:\n%s", len(k.connected(total)), total, lastLines(p.stderr.String(), 60))
		return total
	}
	if got := k.connected(total); !maps.Equal(got, saved) {
		t.Errorf("it came back with the sessions %v, and saved were %v:\n%s", got, saved, lastLines(p.stderr.String(), 60))
	}
	if other := k.connected(killShards + moreShards - total); len(other) > 0 {
		t.Errorf("beside the fleet of %d there is another: %v", total, other)
	}
	if n := k.w.server.Stats().Identifies - p.before.Identifies; n > 0 {
		t.Errorf("%d shards identified to come back on %d:\n%s", n, total, lastLines(p.stderr.String(), 60))
	}
	if k.came == nil {
		k.came = map[int]int{}
	}
	k.came[total]++
	return total
}

// connected are the sessions of a fleet that have a connection, by shard.
func (k *reshardKilling) connected(total int) map[int]string {
	out := map[int]string{}
	for _, s := range k.w.server.Stats().Sessions {
		if s.Shards == total && s.Connected {
			out[s.Shard] = s.ID
		}
	}
	return out
}

// fleet is what sessions.json says: the number of shards, and their sessions.
func (k *reshardKilling) fleet(t *testing.T) (total int, sessions map[int]string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(k.w.state, "sessions.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Identity struct {
			Shards int `json:"shards"`
		} `json:"identity"`
		Sessions []savedSession `json:"sessions"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatalf("sessions.json was damaged by a kill: %v\n%s", err, data)
	}
	sessions = map[int]string{}
	for _, s := range file.Sessions {
		sessions[s.Shard] = s.ID
	}
	if len(sessions) != file.Identity.Shards {
		t.Errorf("sessions.json holds %d sessions of %d shards", len(sessions), file.Identity.Shards)
	}
	return file.Identity.Shards, sessions
}

// abandon ends the sessions that no later process can know of.
func (k *reshardKilling) abandon(t *testing.T) {
	t.Helper()
	_, saved := k.fleet(t)
	known := slices.Collect(maps.Values(saved))
	for _, s := range k.w.server.Stats().Sessions {
		if slices.Contains(known, s.ID) {
			continue
		}
		if err := k.w.server.LoseSession(s.ID, leftBehind); err != nil {
			t.Error(err)
		}
	}
}

// end is the last life: it gives the bots everything, and they are audited.
func (k *reshardKilling) end(t *testing.T) {
	t.Helper()
	p := k.w.start(t)
	k.comeBack(t, p)
	k.w.settle(t, p)
	p.stop(t)
	t.Logf("%d lives, killed in %v, came back on %v", k.tally.kills, k.phases, k.came)
	for i, b := range k.w.bots {
		r, stats := b.audit.Report(), b.Stats()
		ok := r.OK()
		samples := r.LostSamples
		if r.LostSamples = nil; !ok || r.Pending > 0 || stats.Gaps > 0 || stats.Malformed > 0 {
			t.Errorf("bot %d: %+v, %+v\nlost: %+v", i, r, stats, samples)
		}
		if gone := total(r.Forfeited); gone > r.Revived {
			t.Errorf("bot %d: %d events are gone with a session: %v", i, gone-r.Revived, r.Forfeited)
		}
		t.Logf("bot %d: %d owed, %d received, %d repeated, %d under another id, %d out of order in a guild, %d lost; rules broken %v",
			i, r.Expected, r.Received, r.Repeated, r.RepeatedOtherID, r.OutOfOrderGuild, r.Lost, r.Violations)
	}
	for _, total := range []int{killShards, moreShards} {
		if k.came[total] == 0 {
			t.Errorf("it never came back on %d shards", total)
		}
	}
}
