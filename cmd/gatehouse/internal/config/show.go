package config

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine"
	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/rules"
)

// The formatters below give a value as a YAML file holds it; what they give is
// read back as the same value.

func showText(s string) string {
	if s == "" || strings.ContainsAny(s, ":#{}[]&*!|>'\"%@` ,") && !strings.Contains(s, "://") {
		return strconv.Quote(s)
	}
	return s
}

func showString[T ~string](s T) string { return string(s) }

func showInt(n int) string { return strconv.Itoa(n) }

// showTarget is a number of shards, or that Discord's word counts.
func showTarget(n int) string {
	if n == 0 {
		return recommended
	}
	return showInt(n)
}

func showBool(b bool) string { return strconv.FormatBool(b) }

func showList(l []string) string { return "[" + strings.Join(l, ", ") + "]" }

// showSecret says only whether there is one.
func showSecret(s string) string {
	if s == "" {
		return "[not set]"
	}
	return "[set]"
}

func showDuration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = text[:len(text)-2]
	}
	if strings.HasSuffix(text, "h0m") {
		text = text[:len(text)-2]
	}
	return text
}

func showSize(n int64) string {
	for _, u := range []struct {
		bytes int64
		name  string
	}{{1 << 40, "TiB"}, {1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}} {
		if n >= u.bytes && n%u.bytes == 0 {
			return fmt.Sprintf("%d%s", n/u.bytes, u.name)
		}
	}
	return strconv.FormatInt(n, 10)
}

func showAmount(a engine.Amount) string {
	if a.Count > 0 {
		return strconv.Itoa(a.Count)
	}
	return fmt.Sprintf("\"%s %%\"", strconv.FormatFloat(a.Percent, 'f', -1, 64))
}

func showPlacement(dealt bool) string {
	if dealt {
		return roundRobin
	}
	return contiguous
}

func showIDs(ids []uint64) string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = strconv.FormatUint(id, 10)
	}
	return showList(out)
}

func showRanges(ranges []rules.Range) string {
	out := make([]string, len(ranges))
	for i, r := range ranges {
		out[i] = strconv.Itoa(r.First)
		if r.Last != r.First {
			out[i] += "-" + strconv.Itoa(r.Last)
		}
	}
	return strconv.Quote(strings.Join(out, ", "))
}

func showSamples(shares map[string]float64) string {
	out := make([]string, 0, len(shares))
	for _, name := range slices.Sorted(maps.Keys(shares)) {
		out = append(out, name+": "+strconv.FormatFloat(shares[name], 'f', -1, 64)+"%")
	}
	return "{" + strings.Join(out, ", ") + "}"
}

func showExpression(text string) string { return strconv.Quote(text) }

func showIntents(i discord.Intents) string { return showList(i.Names()) }

func showPresence(p json.RawMessage) string {
	if len(p) == 0 {
		return `""`
	}
	return string(p)
}
