package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// maxShardsAsked bounds the shards of a target: more is a mistake.
const maxShardsAsked = 65536

// plan says what a reshard would do and cost.
func (s *Server) plan(r *http.Request) (int, any, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return 0, nil, err
	}
	to, err := decodeTarget(body)
	if err != nil {
		return 0, nil, badRequest("%v", err)
	}
	p, err := s.cfg.Operator.Plan(r.Context(), to)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, wirePlan(p), nil
}

// decodeTarget reads a target from outside. An empty body is what reshard.target
// says.
func decodeTarget(body []byte) (ops.Target, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return ops.Target{}, nil
	}
	var t target
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&t); err != nil {
		return ops.Target{}, fmt.Errorf("the body is not a target: %s; send one such as {\"total\":32}", jsonCause(err))
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return ops.Target{}, errors.New("the body goes on after the target; send one a request")
	}
	if err := t.check(); err != nil {
		return ops.Target{}, err
	}
	return t.ops(), nil
}

// check refuses what is no fleet; whether it is one that can be made is the
// engine's to say.
func (t *target) check() error {
	if t.Total < 0 || t.Total > maxShardsAsked {
		return fmt.Errorf("total: %d shards; allowed: 1 to %d, or none for what reshard.target says", t.Total, maxShardsAsked)
	}
	s := t.Slice
	if s == nil {
		return nil
	}
	if s.First < 0 || s.Last < s.First || s.Last >= maxShardsAsked {
		return fmt.Errorf("slice: %d to %d is not a range of shards; they are counted from 0, and last belongs to it", s.First, s.Last)
	}
	if t.Total > 0 && s.Last >= t.Total {
		return fmt.Errorf("slice: there is no shard %d of %d; the last one is %d", s.Last, t.Total, t.Total-1)
	}
	return nil
}

// Plan says what a reshard would do and cost. It changes nothing.
func (c *Client) Plan(ctx context.Context, to ops.Target) (*ops.ReshardPlan, error) {
	body, err := json.Marshal(wireTarget(to))
	if err != nil {
		return nil, fmt.Errorf("control: %w", err)
	}
	var p reshardPlan
	err = c.ask(ctx, http.MethodPost, "/v1/plan", nil, body, &p)
	if bad := (*faultError)(nil); errors.As(err, &bad) && bad.Code == codeRefused {
		return nil, &ops.RefusedError{Command: ops.Command{Kind: ops.CommandReshard, Target: to}, Reason: bad.Message}
	}
	if err != nil {
		return nil, err
	}
	return p.ops(), nil
}
