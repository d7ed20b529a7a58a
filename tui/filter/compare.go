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
	limit, err := number(key, text, timed)
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

// number reads a limit. Times have a unit; a latency may do without, in ms.
func number(key, text string, timed bool) (float64, error) {
	latency := key == "lat" || key == "latency"
	if v, err := strconv.ParseFloat(text, 64); err == nil && (!timed || latency || v == 0) {
		return v, nil
	}
	d, err := time.ParseDuration(text)
	switch {
	case timed && err == nil:
		return float64(d) / float64(time.Millisecond), nil
	case latency:
		return 0, errors.New("expected ms or a time such as 200ms or 1.5s")
	case timed:
		return 0, errors.New("expected a time with its unit, such as 30s or 2m")
	case err == nil:
		return 0, errors.New(key + " is a number, not a time: expected one such as 3")
	default:
		return 0, errors.New("expected a number such as 3")
	}
}

// figureNamed finds a figure; timed says that its limit is a time.
func figureNamed(key string) (get figure, timed bool, err error) {
	if get := timeNamed(key); get != nil {
		return get, true, nil
	}
	if get := countNamed(key); get != nil {
		return func(s *ops.Shard, _ time.Time) (float64, bool) { return get(s), true }, false, nil
	}
	return nil, false, fmt.Errorf("%q: figures are lat, since, ack, quiet, rate, guilds, outbox, sends, deaf, "+
		"resumes; {help} lists all", key)
}

// timeNamed finds a figure that is a span of time; nil if there is none.
func timeNamed(key string) figure {
	switch key {
	case "lat", "latency":
		return latency
	case "since":
		return age(func(s *ops.Shard) time.Time { return s.Since })
	case "ack":
		return age(func(s *ops.Shard) time.Time { return s.LastACK })
	case "quiet":
		return age(func(s *ops.Shard) time.Time { return s.LastEvent })
	default:
		return nil
	}
}

// countNamed finds a figure that is a number; nil if there is none.
func countNamed(key string) func(s *ops.Shard) float64 {
	switch key {
	case "rate", "ev":
		return func(s *ops.Shard) float64 { return s.Rate }
	case "events":
		return func(s *ops.Shard) float64 { return float64(s.Events) }
	case "guilds":
		return func(s *ops.Shard) float64 { return float64(s.Guilds) }
	case "unavailable":
		return func(s *ops.Shard) float64 { return float64(s.Unavailable) }
	case "loading":
		return func(s *ops.Shard) float64 { return float64(s.Loading) }
	case "resumes":
		return func(s *ops.Shard) float64 { return float64(s.Resumes) }
	case "reconnects":
		return func(s *ops.Shard) float64 { return float64(s.Reconnects) }
	case "identifies":
		return func(s *ops.Shard) float64 { return float64(s.Identifies) }
	case "outbox":
		return func(s *ops.Shard) float64 { return float64(s.Outbox) }
	case "sends":
		return func(s *ops.Shard) float64 { return float64(s.Sends) }
	case "deaf":
		return func(s *ops.Shard) float64 { return float64(s.Deaf) }
	case "id":
		return func(s *ops.Shard) float64 { return float64(s.ID) }
	default:
		return nil
	}
}

// latency holds only for a connection that is up; a dead one has none.
func latency(s *ops.Shard, _ time.Time) (float64, bool) {
	return float64(s.Latency) / float64(time.Millisecond), s.State.Up() && s.Latency > 0
}

// age is how long an instant is ago; there is none before it has come.
func age(of func(s *ops.Shard) time.Time) figure {
	return func(s *ops.Shard, now time.Time) (float64, bool) {
		at := of(s)
		return float64(now.Sub(at)) / float64(time.Millisecond), !at.IsZero()
	}
}
