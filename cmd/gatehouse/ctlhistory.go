package main

import (
	"context"
	"math"
	"time"

	"github.com/spf13/cobra"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/transport/control"
)

func (c *ctl) historyCommand() *cobra.Command {
	text := ops.History5m.String()
	cmd := &cobra.Command{
		Use:   "history",
		Short: "Events, bytes, latency, queue and lag of the last 5 minutes, hour or day",
		Args:  noCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := ops.ParseHistoryRange(text)
			if err != nil {
				return usagef("--range: %v", err)
			}
			return c.ask(cmd.Context(), func(ctx context.Context, client *control.Client) (answer, error) {
				h, err := client.History(ctx, r)
				if err != nil {
					return answer{}, err
				}
				return answer{h, func(p *printer) { p.past(h) }}, nil
			})
		},
	}
	cmd.Flags().StringVar(&text, "range", text, "how far back: 5m, 1h or 24h")
	_ = cmd.RegisterFlagCompletionFunc("range", cobra.FixedCompletions([]string{"5m", "1h", "24h"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// sparkWidth is how many cells a curve of the table has.
const sparkWidth = 48

// past is a line for each series.
func (p *printer) past(h *ops.History) {
	p.line("the last %v in steps of %v, to %s", h.Range, h.Range.Step(), h.End.Local().Format(time.DateTime))
	p.blank()
	t := newTable("SERIES", ">NOW", ">LEAST", ">MOST", "OVER TIME")
	for _, s := range []struct {
		name   string
		values []float64
		text   func(float64) string
	}{
		{"events/s", h.Events, rate}, {"bytes/s", h.Bytes, func(v float64) string { return size(int64(v)) }},
		{"latency p50", h.P50, func(v float64) string { return span(time.Duration(v * float64(time.Millisecond))) }},
		{"latency p99", h.P99, func(v float64) string { return span(time.Duration(v * float64(time.Millisecond))) }},
		{"queue", h.Depth, func(v float64) string { return count(int64(v)) }},
		{"lag", h.Lag, func(v float64) string {
			if v == 0 {
				return "0s" // which was measured
			}
			return span(time.Duration(v * float64(time.Second)))
		}},
	} {
		least, most, known := bounds(s.values)
		row := []string{s.name, none, none, none, spark(s.values, most)}
		if known {
			row[2], row[3] = s.text(least), s.text(most)
		}
		if n := len(s.values); n > 0 && !math.IsNaN(s.values[n-1]) {
			row[1] = s.text(s.values[n-1])
		}
		t.row(row...)
	}
	p.table(t)
}

// bounds are the least and the greatest of what was measured.
func bounds(values []float64) (least, most float64, known bool) {
	for _, v := range values {
		switch {
		case math.IsNaN(v):
		case !known:
			least, most, known = v, v, true
		default:
			least, most = min(least, v), max(most, v)
		}
	}
	return least, most, known
}

// spark is a curve in sparkWidth cells, the greatest value of each; a dot stands
// where nothing was measured.
func spark(values []float64, most float64) string {
	levels := []rune("▁▂▃▄▅▆▇█")
	out := make([]rune, 0, sparkWidth)
	for i := range sparkWidth {
		_, v, known := bounds(values[i*len(values)/sparkWidth : (i+1)*len(values)/sparkWidth])
		switch {
		case !known:
			out = append(out, '·')
		case most <= 0:
			out = append(out, levels[0])
		default:
			out = append(out, levels[min(len(levels)-1, int(v/most*float64(len(levels))))])
		}
	}
	return string(out)
}
