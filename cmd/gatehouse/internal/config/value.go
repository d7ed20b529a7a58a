package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// The parsers below take a value of any layer: what a file decodes to, or the
// text of a variable or flag.

func textValue(raw any) (string, error) {
	switch v := raw.(type) {
	case string:
		if oneLine(v) != v {
			return "", invalid(raw, "holds control characters", "")
		}
		return v, nil
	case int64, float64, bool:
		return fmt.Sprint(v), nil
	}
	return "", invalid(raw, "is not a text", "")
}

// secretText is textValue without the value in its errors.
func secretText(raw any) (string, error) {
	if line, ok := raw.(string); ok {
		raw = strings.TrimSpace(line) // secrets in files and variables often end in a line feed
	}
	text, err := textValue(raw)
	if err != nil {
		return "", &valueError{what: "is not a line of text", hint: "put it on one line, in quotes"}
	}
	return text, nil
}

func boolValue(raw any) (bool, error) {
	switch v := raw.(type) {
	case bool:
		return v, nil
	case string:
		switch strings.ToLower(v) {
		case "true", "yes", "on", "1":
			return true, nil
		case "false", "no", "off", "0":
			return false, nil
		}
	}
	return false, invalid(raw, "is neither true nor false", "")
}

// integer reads a whole number.
func integer(raw any) (int64, bool) {
	switch v := raw.(type) {
	case int64:
		return v, true
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
			return int64(v), true
		}
	case string:
		n, err := strconv.ParseInt(strings.ReplaceAll(strings.TrimSpace(v), "_", ""), 10, 64)
		return n, err == nil
	}
	return 0, false
}

func intRange(least, most int) func(any) (int, error) {
	allowed := fmt.Sprintf("allowed: %d to %d", least, most)
	return func(raw any) (int, error) {
		n, ok := integer(raw)
		switch {
		case !ok:
			return 0, invalid(raw, "is not a whole number", allowed)
		case n < int64(least) || n > int64(most):
			return 0, invalid(raw, "is out of range", allowed)
		}
		return int(n), nil
	}
}

func oneOf[T ~string](values ...T) func(any) (T, error) {
	names := make([]string, len(values))
	for i, v := range values {
		names[i] = string(v)
	}
	return func(raw any) (T, error) {
		text, _ := raw.(string)
		for _, v := range values {
			if strings.EqualFold(text, string(v)) {
				return v, nil
			}
		}
		return "", invalid(raw, "is not known", "allowed: "+strings.Join(names, ", "))
	}
}

// list reads a list, or a text with commas.
func list(raw any) ([]string, error) {
	var out []string
	switch v := raw.(type) {
	case string:
		for part := range strings.SplitSeq(v, ",") {
			if part = strings.TrimSpace(part); part != "" {
				out = append(out, part)
			}
		}
		return out, nil
	case []any:
		for _, element := range v {
			text, ok := element.(string)
			if !ok {
				return nil, invalid(element, "is not a text", "")
			}
			out = append(out, strings.TrimSpace(text))
		}
		return out, nil
	}
	return nil, invalid(raw, "is not a list", `write [A, B] or "A,B"`)
}

// duration reads a duration in range; most 0 means any.
func duration(least, most time.Duration) func(any) (time.Duration, error) {
	allowed := "allowed: from " + showDuration(least)
	if most > 0 {
		allowed = fmt.Sprintf("allowed: %s to %s", showDuration(least), showDuration(most))
	}
	return func(raw any) (time.Duration, error) {
		text, _ := raw.(string)
		if n, ok := integer(raw); ok && n == 0 {
			text = "0s"
		}
		d, ok := parseDuration(text)
		switch {
		case !ok:
			return 0, invalid(raw, "is not a duration", "write a number with a unit, such as 250ms, 10s, 5m, 24h or 1d")
		case d < least || most > 0 && d > most:
			return 0, invalid(raw, "is out of range", allowed)
		}
		return d, nil
	}
}

// parseDuration is time.ParseDuration with days in front.
func parseDuration(text string) (time.Duration, bool) {
	text = strings.TrimSpace(text)
	days, rest, found := strings.Cut(text, "d")
	if !found {
		d, err := time.ParseDuration(text)
		return d, err == nil && d >= 0
	}
	n, err := strconv.ParseUint(days, 10, 16)
	if err != nil {
		return 0, false
	}
	var d time.Duration
	if rest != "" {
		if d, err = time.ParseDuration(rest); err != nil || d < 0 || d >= 24*time.Hour {
			return 0, false
		}
	}
	return time.Duration(n)*24*time.Hour + d, true
}

// size reads a number of bytes, at least 1 MiB.
func size(raw any) (int64, error) {
	const least = 1 << 20
	n, ok := parseSize(raw)
	switch {
	case !ok:
		return 0, invalid(raw, "is not a size", "write a number with a unit, such as 256MiB or 4GiB")
	case n < least:
		return 0, invalid(raw, "is too small", "allowed: from 1MiB")
	}
	return n, nil
}

func parseSize(raw any) (int64, bool) {
	if n, ok := integer(raw); ok {
		return n, true
	}
	text, _ := raw.(string)
	text = strings.TrimSpace(text)
	split := strings.IndexFunc(text, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
	if split < 0 {
		return 0, false
	}
	number, err := strconv.ParseFloat(text[:split], 64)
	factor := sizeUnit(strings.TrimSpace(text[split:]))
	bytes := number * float64(factor)
	if err != nil || factor == 0 || bytes >= 1<<62 {
		return 0, false
	}
	return int64(bytes), true
}

// sizeUnit is the factor of a unit in any case, 0 for none. GiB is 1024³ bytes
// and GB is 1000³.
func sizeUnit(unit string) int64 {
	switch strings.ToLower(unit) {
	case "b":
		return 1
	case "kb":
		return 1e3
	case "mb":
		return 1e6
	case "gb":
		return 1e9
	case "tb":
		return 1e12
	case "kib":
		return 1 << 10
	case "mib":
		return 1 << 20
	case "gib":
		return 1 << 30
	case "tib":
		return 1 << 40
	}
	return 0
}
