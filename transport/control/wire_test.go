package control

import (
	"encoding/json"
	"math"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// fill gives every field of a value something that is not zero, each something
// else, so that one that is left out or mixed up shows.
func fill(v reflect.Value, n *int) {
	*n++
	switch at := v.Addr().Interface().(type) {
	case *time.Time:
		*at = time.Date(2026, 11, 22, 12, 0, 0, *n, time.UTC)
		return
	case *time.Duration:
		*at = time.Duration(*n)*time.Hour + 1234567*time.Nanosecond
		return
	case *json.RawMessage:
		*at = json.RawMessage(`{"t":"READY"}`)
		return
	case *ops.ShardState, *ops.SinkState, *ops.EnginePhase, *ops.AlertLevel, *ops.ReshardPhase, *ops.ActionState:
		v.SetUint(uint64(*n%2 + 1))
		return
	case *ops.Level:
		*at = ops.LevelWarn
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fallthrough
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i), n)
		}
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Uint64:
		v.SetUint(uint64(*n))
	case reflect.Float64:
		v.SetFloat(float64(*n) + 0.125)
	case reflect.String:
		v.SetString("text " + time.Duration(*n).String())
	default:
		panic("a kind that this test does not know: " + v.Kind().String())
	}
}

func filled[T any]() T {
	var v T
	n := 0
	fill(reflect.ValueOf(&v).Elem(), &n)
	return v
}

// through sends a value over the wire.
func through[W any](t *testing.T, sent any) W {
	t.Helper()
	data, err := Marshal(sent)
	if err != nil {
		t.Fatal(err)
	}
	var got W
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	return got
}

// Whoever adds a field to the port learns here that the wire lacks it.
func TestNothingIsLostOnTheWire(t *testing.T) {
	snap := filled[ops.Snapshot]()
	status := through[status](t, &snap)
	if got, err := status.snapshot(); err != nil || !reflect.DeepEqual(got, &snap) {
		t.Errorf("the snapshot came as\n%+v, %v\nand was\n%+v", got, err, &snap)
	}
	shard := filled[ops.ShardDetail]()
	detail := through[detail](t, &shard)
	if got, err := detail.detail(); err != nil || !reflect.DeepEqual(got, &shard) {
		t.Errorf("the shard came as\n%+v, %v\nand was\n%+v", got, err, &shard)
	}
	log := filled[ops.LogPage]()
	lines := through[logPage](t, log)
	if got, err := lines.page(); err != nil || !reflect.DeepEqual(got, log) {
		t.Errorf("the log came as\n%+v, %v\nand was\n%+v", got, err, log)
	}
	dead := filled[ops.DeadLetterPage]()
	letters := through[letterPage](t, dead)
	if got := letters.page(); !reflect.DeepEqual(got, dead) {
		t.Errorf("the dead letters came as\n%+v\nand were\n%+v", got, dead)
	}
	ledger := filled[ops.Identify]()
	budget := through[identify](t, ledger)
	if got := budget.ops(); !reflect.DeepEqual(got, ledger) {
		t.Errorf("the ledger came as\n%+v\nand was\n%+v", got, ledger)
	}
	left := filled[ops.Sent]()
	command := through[sent](t, left)
	if got := command.ops(); !reflect.DeepEqual(got, left) {
		t.Errorf("the command came as\n%+v\nand was\n%+v", got, left)
	}
}

func TestNothingOfAReshardIsLostOnTheWire(t *testing.T) {
	all := filled[ops.Reshard]()
	wire := through[reshard](t, all)
	w := &words{}
	if got := wire.ops(w); w.err != nil || !reflect.DeepEqual(got, all) {
		t.Errorf("the reshard came as\n%+v, %v\nand was\n%+v", got, w.err, all)
	}
	plan := filled[ops.ReshardPlan]()
	costs := through[reshardPlan](t, &plan)
	if got := costs.ops(); !reflect.DeepEqual(got, &plan) {
		t.Errorf("the plan came as\n%+v\nand was\n%+v", got, &plan)
	}
	all.Now, all.History = nil, nil
	data, err := Marshal(all)
	if err != nil || strings.Contains(string(data), `"now"`) || !strings.Contains(string(data), `"history":[]`) {
		t.Errorf("without one under way: %s, %v", data, err)
	}
}

func TestAnEmptyEngineComesAsItIs(t *testing.T) {
	status := through[status](t, &ops.Snapshot{})
	if got, err := status.snapshot(); err != nil || !reflect.DeepEqual(got, &ops.Snapshot{}) {
		t.Errorf("%+v, %v", got, err)
	}
}

// The names are a promise: this is what scripts read.
func TestTheNamesOfTheWire(t *testing.T) {
	snap := filled[ops.Snapshot]()
	snap.Shards, snap.Workers, snap.Sinks, snap.Alerts = snap.Shards[:1], snap.Workers[:1], snap.Sinks[:1], snap.Alerts[:1]
	snap.Actions = snap.Actions[:1]
	snap.Traffic.Types = snap.Traffic.Types[:1]
	snap.Reshard.History = snap.Reshard.History[:1]
	snap.Hooks, snap.Sinks[0].Rules = snap.Hooks[:1], snap.Sinks[0].Rules[:1]
	data, err := Marshal(&snap)
	if err != nil {
		t.Fatal(err)
	}
	var tree map[string]any
	if err := json.Unmarshal(data, &tree); err != nil {
		t.Fatal(err)
	}
	got, err := json.MarshalIndent(tree, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/status.json"
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(golden, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if string(got)+"\n" != string(want) {
		t.Errorf("names or values have changed; if that was meant, raise Protocol or only add, and set UPDATE_GOLDEN=1:\n%s", got)
	}
	odd := regexp.MustCompile(`"[^"]*[^a-z0-9_"][^"]*":`)
	if names := odd.FindAllString(string(data), -1); len(names) > 0 {
		t.Errorf("names that are not lower case with underscores: %q", names)
	}
}

func TestFiguresThatAreNoneDoNotSpoilTheAnswer(t *testing.T) {
	snap := &ops.Snapshot{
		Shards:  []ops.Shard{{Rate: math.NaN()}},
		Sinks:   []ops.Sink{{Rate: math.Inf(1), Drain: math.Inf(-1)}},
		Workers: []ops.Worker{{Rate: math.NaN(), Share: math.Inf(1), Queue: ops.Queue{AppendRate: math.NaN()}}},
		Traffic: ops.Traffic{PerSecond: []float64{1, math.NaN()}, Types: []ops.TypeCount{{Rate: math.NaN()}}},
	}
	if _, err := Marshal(snap); err != nil {
		t.Error(err)
	}
}

func TestAStateOfALaterVersionIsSaid(t *testing.T) {
	data, err := Marshal(&ops.Snapshot{})
	if err != nil {
		t.Fatal(err)
	}
	var s status
	if err := json.Unmarshal([]byte(strings.Replace(string(data), `"starting"`, `"dreaming"`, 1)), &s); err != nil {
		t.Fatal(err)
	}
	if _, err := s.snapshot(); err == nil || !strings.Contains(err.Error(), `"dreaming"`) {
		t.Errorf("got %v", err)
	}
}
