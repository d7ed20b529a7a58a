package control

import (
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

func TestAPlanIsAskedForAsItWasMeant(t *testing.T) {
	h := open(t, &engine{})
	c := h.client(t)
	targets := []ops.Target{{}, {Total: 8}, {Total: 8, First: 0, Last: 3, Slice: true}, {First: 2, Last: 2, Slice: true}}
	for _, to := range targets {
		plan, err := c.Plan(t.Context(), to)
		if err != nil || !reflect.DeepEqual(plan, &ops.ReshardPlan{From: 4, To: 8, Last: 7, Why: "asked for", ETA: time.Minute}) {
			t.Errorf("%+v: got %+v, %v", to, plan, err)
		}
	}
	if !reflect.DeepEqual(h.plans, targets) {
		t.Errorf("the engine was asked for %+v", h.plans)
	}
	// curl without a body asks for what the configuration says.
	if status, body := h.raw(t, "POST", "/v1/plan", nil); status != http.StatusOK || !strings.Contains(body, `"to":8,`) {
		t.Errorf("%d %s", status, body)
	}
}

func TestAPlanThatCannotBeMadeSaysWhy(t *testing.T) {
	h := open(t, &engine{refuse: "the engine has not started yet"})
	_, err := h.client(t).Plan(t.Context(), ops.Target{Total: 8})
	refused := (*ops.RefusedError)(nil)
	if !errors.As(err, &refused) || refused.Reason != "the engine has not started yet" || refused.Command.Target.Total != 8 {
		t.Errorf("got %v", err)
	}
}

func TestABadTargetIsSaidInOneLine(t *testing.T) {
	h := open(t, &engine{})
	for body, want := range map[string]string{
		`[]`:                              "the body is not a target: ",
		`{"shards":3}`:                    `unknown field \"shards\"`,
		`{"total":3}{}`:                   "the body goes on after the target",
		`{"total":65537}`:                 "total: 65537 shards; allowed: 1 to 65536, or none for what reshard.target says",
		`{"slice":{"first":-1,"last":3}}`: "slice: -1 to 3 is not a range of shards",
	} {
		if status, answer := h.raw(t, "POST", "/v1/plan", strings.NewReader(body)); status != http.StatusBadRequest || !strings.Contains(answer, want) {
			t.Errorf("%s: %d %s, want %s", body, status, answer, want)
		}
	}
}

func TestAReshardIsOrderedWithItsTarget(t *testing.T) {
	h := open(t, &engine{})
	want := ops.Command{Kind: ops.CommandReshard, Target: ops.Target{Total: 8, Last: 7, Slice: true}, By: "ann"}
	if _, err := h.client(t).Do(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(h.commands, []ops.Command{want}) {
		t.Errorf("the engine was asked %+v", h.commands)
	}
}
