package discovery

import (
	"errors"
	"net/http"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
)

// How long not to ask again, by what went wrong.
const (
	shortestPause = time.Second // after an answer of 5xx, or none; doubled up to the longest
	longestPause  = time.Minute
	refusedPause  = 5 * time.Minute // after 401, 403 and the like
	limitedPause  = time.Minute     // after a 429 that does not say how long
	bannedPause   = 15 * time.Minute
	longestHold   = time.Hour // of those three, which double as well
)

// banned is the error of a question that was not let through to Discord because
// the machine's address is banned. It is not the token's fault.
type banned interface {
	error
	// BannedFor is how long the ban lasts, as far as told; else 0.
	BannedFor() time.Duration
}

// Pause is how long not to ask Discord again after so many failures in a row, at
// least one, of which err was the last; random is from 0 up to 1:
//
//   - what Discord told to wait (Retry-After), be it hours, and up to a tenth
//     more, at most a minute;
//   - else, after a 429 1 min, after a 401, 403 or another refusal 5 min, and
//     while the address is banned 15 min, doubled up to an hour;
//   - else, as after a 5xx or a timeout, 1 s, doubled up to 60 s.
//
// Where Discord told nothing, up to half is taken off by chance.
func Pause(failures int, err error, random float64) time.Duration {
	told, base, most := reading(err)
	if told > 0 {
		return told + time.Duration(random*float64(min(told/10, time.Minute)))
	}
	pause := base
	for range failures - 1 {
		if pause >= most {
			break
		}
		pause *= 2
	}
	pause = min(pause, most)
	return pause - time.Duration(random*float64(pause)/2)
}

// reading is what an error says about asking again.
func reading(err error) (told, base, most time.Duration) {
	var ban banned
	if errors.As(err, &ban) {
		return ban.BannedFor(), bannedPause, longestHold
	}
	var rest *discord.RESTError
	switch {
	case !errors.As(err, &rest):
		return 0, shortestPause, longestPause
	case rest.Status == http.StatusTooManyRequests:
		return rest.RetryAfter, limitedPause, longestHold
	case rest.Fatal():
		return rest.RetryAfter, refusedPause, longestHold
	default:
		return rest.RetryAfter, shortestPause, longestPause
	}
}
