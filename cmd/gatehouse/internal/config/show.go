package config

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine"
	"github.com/gatehouse-gateway/gatehouse/engine/discord"
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

func showIntents(i discord.Intents) string { return showList(i.Names()) }

func showPresence(p json.RawMessage) string {
	if len(p) == 0 {
		return `""`
	}
	return string(p)
}
