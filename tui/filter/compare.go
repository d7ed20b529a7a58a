package filter

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// figure is a number of a shard; false if it has not been measured, in which
// case no comparison holds.
type figure func(s *ops.Shard, now time.Time) (float64, bool)

// parseCompare reads what follows a key: > or <, and a number.
func parseCompare(key, rest string) (term, error) {
	get, timed, err := figureNamed(key)
	if err != nil {
		return nil, err
	}
	text := strings.TrimPrefix(rest[1:], "=")
	limit, err := number(text, timed)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", key+rest, err)
	}
	less, equal := rest[0] == '<', text != rest[1:]
	return func(s *ops.Shard, now time.Time) bool {
		v, ok := get(s, now)
		switch {
		case !ok:
			return false
		case v == limit:
			return equal
		default:
			return (v < limit) == less
		}
	}, nil
}

// number reads a limit. Those of times are in ms, or have a unit of their own.
func number(text string, timed bool) (float64, error) {
	if v, err := strconv.ParseFloat(text, 64); err == nil {
		return v, nil
	}
	if timed {
		if d, err := time.ParseDuration(text); err == nil {
			return float64(d) / float64(time.Millisecond), nil
		}
		return 0, errors.New("expected milliseconds or a time such as 200ms or 5m")
	}
	return 0, errors.New("expected a number")
}

func figureNamed(key string) (get figure, timed bool, err error) {
	plain := func(f func(s *ops.Shard) float64) figure {
		return func(s *ops.Shard, _ time.Time) (float64, bool) { return f(s), true }
	}
	switch key {
	case "lat", "latency":
		return latency, true, nil
	case "since":
		return since, true, nil
	case "rate", "ev":
		return plain(func(s *ops.Shard) float64 { return s.Rate }), false, nil
	case "events":
		return plain(func(s *ops.Shard) float64 { return float64(s.Events) }), false, nil
	case "guilds":
		return plain(func(s *ops.Shard) float64 { return float64(s.Guilds) }), false, nil
	case "unavailable":
		return plain(func(s *ops.Shard) float64 { return float64(s.Unavailable) }), false, nil
	case "loading":
		return plain(func(s *ops.Shard) float64 { return float64(s.Loading) }), false, nil
	case "resumes":
		return plain(func(s *ops.Shard) float64 { return float64(s.Resumes) }), false, nil
	case "reconnects":
		return plain(func(s *ops.Shard) float64 { return float64(s.Reconnects) }), false, nil
	case "identifies":
		return plain(func(s *ops.Shard) float64 { return float64(s.Identifies) }), false, nil
	case "id":
		return plain(func(s *ops.Shard) float64 { return float64(s.ID) }), false, nil
	}
	return nil, false, fmt.Errorf("%q: figures are lat, rate, guilds, events, unavailable, loading, "+
		"resumes, reconnects, identifies, since", key)
}

// latency holds only for a connection that is up; a dead one has none.
func latency(s *ops.Shard, _ time.Time) (float64, bool) {
	return float64(s.Latency) / float64(time.Millisecond), s.State.Up() && s.Latency > 0
}

func since(s *ops.Shard, now time.Time) (float64, bool) {
	return float64(now.Sub(s.Since)) / float64(time.Millisecond), !s.Since.IsZero()
}
