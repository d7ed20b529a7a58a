package httpsink

import (
	"net/http"
	"strings"
	"time"
)

// maxRetryAfter bounds what a bot may ask for.
const maxRetryAfter = 5 * time.Minute

// parseRetryAfter reads seconds or a date. What cannot be read is nothing.
func parseRetryAfter(value string, now time.Time) time.Duration {
	value = strings.TrimSpace(value)
	whole, _, _ := strings.Cut(value, ".") // some send fractions of seconds
	if n, ok := parseDigits([]byte(whole)); ok {
		if n >= int64(maxRetryAfter/time.Second) {
			return maxRetryAfter
		}
		d := time.Duration(n) * time.Second
		if whole != value {
			d += time.Second
		}
		return d
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	return min(max(0, at.Sub(now)), maxRetryAfter)
}
