package frame

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Count is a number of things in at most five cells: 0, 999, 4.1k, 52k, 1.2M.
func Count[T ~int | ~int64 | ~uint64](n T) string { return scaled(float64(n), 1000) }

// Rate is a number per second in at most five cells: 0, 0.4, 23, 4.1k.
func Rate(v float64) string {
	switch {
	case math.IsNaN(v) || v <= 0:
		return "0"
	case v < 0.05:
		return "<0.1"
	case v < 9.95:
		return strconv.FormatFloat(v, 'f', 1, 64)
	default:
		return scaled(v, 1000)
	}
}

// scaled writes v with a suffix and two or three digits.
func scaled(v float64, step float64) string {
	sign := ""
	if v < 0 {
		sign, v = "-", -v
	}
	suffixes := []string{"", "k", "M", "G", "T", "P", "E"}
	i := 0
	for v >= step-0.5 && i < len(suffixes)-1 {
		v /= step
		i++
	}
	if i > 0 && v < 9.95 {
		return sign + strconv.FormatFloat(v, 'f', 1, 64) + suffixes[i]
	}
	return sign + strconv.FormatFloat(v, 'f', 0, 64) + suffixes[i]
}

// Bytes is an amount of memory or disk in at most seven cells: 0B, 512B, 12KiB, 1.2GiB.
func Bytes[T ~int64 | ~uint64](n T) string {
	if n < 1024 {
		return strconv.FormatInt(int64(n), 10) + "B"
	}
	text := scaled(float64(n), 1024)
	if strings.HasSuffix(text, "k") {
		text = text[:len(text)-1] + "K"
	}
	return text + "iB"
}

// Grouped is an exact number with thin groups of three digits: 4 182 113.
func Grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	out := make([]byte, 0, len(s)+len(s)/3)
	for i := range len(s) {
		if i > 0 && (len(s)-i)%3 == 0 && s[i-1] != '-' {
			out = append(out, ' ')
		}
		out = append(out, s[i])
	}
	return string(out)
}

// Duration is a span in at most six cells: 800µs, 63ms, 1.2s, 42s, 1m03s, 3h12m, 21h, 4d06h.
func Duration(d time.Duration) string {
	if d < 0 {
		return "-" + Duration(-d)
	}
	switch {
	case d == 0:
		return "0s"
	case d < time.Millisecond:
		return strconv.FormatInt(d.Microseconds(), 10) + "µs"
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + "ms"
	case d < 10*time.Second:
		return strconv.FormatFloat(math.Floor(d.Seconds()*10)/10, 'f', 1, 64) + "s"
	case d < time.Minute:
		return strconv.FormatInt(int64(d.Seconds()), 10) + "s"
	default:
		return long(d)
	}
}

// Age is a span in whole seconds or coarser, for figures that would otherwise
// flicker: 0s, 42s, 1m03s, 3h12m.
func Age(d time.Duration) string {
	if d = max(d, 0); d < time.Minute {
		return strconv.FormatInt(int64(d.Seconds()), 10) + "s"
	}
	return long(d)
}

func long(d time.Duration) string {
	s := int64(d.Seconds())
	switch {
	case s < 3600:
		return fmt.Sprintf("%dm%02ds", s/60, s%60)
	case s < 10*3600:
		return fmt.Sprintf("%dh%02dm", s/3600, s/60%60)
	case s < 48*3600:
		return fmt.Sprintf("%dh", s/3600)
	case s < 100*86400:
		return fmt.Sprintf("%dd%02dh", s/86400, s/3600%24)
	default:
		return fmt.Sprintf("%dd", s/86400)
	}
}

// Latency is a measured round trip, or dash for one that has not been measured.
func Latency(d time.Duration, dash string) string {
	if d <= 0 {
		return dash
	}
	return Duration(d)
}

// Plural is n with its noun: 1 shard, 4.1k shards.
func Plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return Count(n) + " " + noun + "s"
}
