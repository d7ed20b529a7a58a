package config

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/rules"
)

// eventTypes reads names of dispatches, of which the last letters may be left to a
// star. A name that is not known is taken, since Discord adds some every month,
// unless it looks like a misspelt one.
func eventTypes(raw any) ([]string, error) {
	names, err := list(raw)
	for i, name := range names {
		if names[i], err = eventType(name); err != nil {
			return nil, err
		}
	}
	return names, err
}

func eventType(name string) (string, error) {
	upper := strings.ToUpper(name)
	stem, wild := strings.CutSuffix(upper, "*")
	if stem == "" && !wild || strings.ContainsFunc(stem, func(r rune) bool { return (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' }) {
		return "", invalid(name, "is not an event type", "write names such as MESSAGE_CREATE, or GUILD_* for all that begin so")
	}
	if wild {
		return upper, nil
	}
	if near := misspelt(upper, discord.EventTypes()); near != "" && !strings.HasPrefix(upper, "GATEHOUSE_") {
		return "", &valueError{"unknown event type " + quote(name), `did you mean "` + near + `"?`}
	}
	return upper, nil
}

// guildIDs reads ids of guilds, as numbers or as texts.
func guildIDs(raw any) ([]uint64, error) {
	parts, err := elements(raw)
	if err != nil {
		return nil, err
	}
	var out []uint64
	for _, part := range parts {
		id, ok := snowflake(part)
		if !ok {
			return nil, invalid(part, "is not the id of a guild", "write ids such as 81384788765712384; right-click the guild in Discord, Copy Server ID")
		}
		if !slices.Contains(out[max(0, len(out)-1):], id) {
			out = append(out, id)
		}
	}
	return out, nil
}

// snowflake reads an id. A float is none: it may have lost digits.
func snowflake(raw any) (uint64, bool) {
	switch v := raw.(type) {
	case int64:
		return uint64(v), v > 0
	case string:
		id, err := strconv.ParseUint(v, 10, 64)
		return id, err == nil && id > 0
	}
	return 0, false
}

// elements are the members of a list, of a text with commas, or a value alone.
func elements(raw any) ([]any, error) {
	switch v := raw.(type) {
	case []any:
		for i, element := range v {
			if text, ok := element.(string); ok {
				v[i] = strings.TrimSpace(text)
			}
		}
		return v, nil
	case map[string]any, bool:
		return nil, invalid(raw, "is not a list", `write [A, B] or "A,B"`)
	case string:
		var out []any
		for part := range strings.SplitSeq(v, ",") {
			if part = strings.TrimSpace(part); part != "" {
				out = append(out, part)
			}
		}
		return out, nil
	}
	return []any{raw}, nil
}

// shardRanges reads "0-63, 70", or a list of such.
func shardRanges(raw any) ([]rules.Range, error) {
	parts, err := elements(raw)
	if err != nil {
		return nil, err
	}
	var out []rules.Range
	for _, part := range parts {
		r, ok := shardRange(part)
		if !ok {
			return nil, invalid(part, "is not a shard or a range of shards", fmt.Sprintf(`allowed: 0 to %d, such as "0-63, 70"`, maxShards-1))
		}
		out = append(out, r)
	}
	return out, nil
}

func shardRange(raw any) (rules.Range, bool) {
	first, last, isRange := strings.Cut(fmt.Sprint(raw), "-")
	if !isRange {
		last = first
	}
	a, err := strconv.ParseUint(strings.TrimSpace(first), 10, 16)
	b, also := strconv.ParseUint(strings.TrimSpace(last), 10, 16)
	return rules.Range{First: int(a), Last: int(b)}, err == nil && also == nil && a <= b
}

// samples reads a section of types and shares, or a text such as
// "TYPING_START: 10%, PRESENCE_UPDATE: 50%".
func samples(raw any) (map[string]float64, error) {
	section, ok := raw.(map[string]any)
	if text, isText := raw.(string); isText {
		section, ok = sampleText(text)
	}
	if !ok {
		return nil, invalid(raw, "is no section of event types and shares", "write one such as {TYPING_START: 10%}")
	}
	out := make(map[string]float64, len(section))
	for _, name := range slices.Sorted(maps.Keys(section)) {
		t, err := eventType(name)
		if err != nil {
			return nil, err
		}
		share, ok := percent(section[name])
		if !ok {
			return nil, invalid(section[name], "is no share of "+t, "allowed: 0% to 100%, with the sign, such as 10%")
		}
		out[t] = share
	}
	if len(out) == 0 {
		return nil, nil
	}
	return out, nil
}

func sampleText(text string) (map[string]any, bool) {
	out := map[string]any{}
	for part := range strings.SplitSeq(strings.Trim(strings.TrimSpace(text), "{}"), ",") {
		if strings.TrimSpace(part) == "" {
			continue
		}
		cut := strings.IndexAny(part, ":=")
		if cut < 0 {
			return nil, false
		}
		out[strings.TrimSpace(part[:cut])] = strings.TrimSpace(part[cut+1:])
	}
	return out, true
}

// percent reads a share. A bare number is none, as 0.5 may be meant either way;
// nothing and all of it are the same in both.
func percent(raw any) (float64, bool) {
	if n, ok := integer(raw); ok && (n == 0 || n == 100) {
		return float64(n), true
	}
	text, _ := raw.(string)
	share, ok := strings.CutSuffix(strings.TrimSpace(text), "%")
	if !ok {
		return 0, false
	}
	f, err := strconv.ParseFloat(strings.TrimSpace(share), 64)
	return f, err == nil && !math.IsNaN(f) && f >= 0 && f <= 100
}

// expression reads one, of which the lines of a file are joined: every character
// keeps its column.
func expression(raw any) (string, error) {
	text, ok := raw.(string)
	if !ok {
		return "", invalid(raw, "is not an expression", `write one such as "size < 65536"`)
	}
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || r == '\r' {
			return ' '
		}
		return r
	}, text)), nil
}

// ruleProblem is what is wrong with a rule, on one line. What is wrong inside of an
// expression is pointed at.
func ruleProblem(bad *rules.Error, when string) error {
	if bad.Column <= 0 || bad.Key != "when" {
		what, hint, _ := strings.Cut(bad.Text, "; ")
		return &valueError{what, hint}
	}
	return &valueError{
		what: fmt.Sprintf("column %d: %s", bad.Column, bad.Text),
		hint: "it is at the ^ in " + pointed(when, bad.Column),
	}
}

// pointed is an expression with a caret before a column, cut to a readable length
// around it.
func pointed(text string, column int) string {
	const around = 40
	runes := []rune(text)
	at := min(column-1, len(runes))
	first, last := max(0, at-around), min(len(runes), at+around)
	before, after := string(runes[first:at]), string(runes[at:last])
	if first > 0 {
		before = "…" + before
	}
	if last < len(runes) {
		after += "…"
	}
	return before + "^" + after
}
