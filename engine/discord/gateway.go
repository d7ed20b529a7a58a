package discord

import (
	"fmt"
	"time"
)

// GatewayBot is the answer of GET /gateway/bot. It must not be kept for long:
// the budget moves with every Identify of any process of the bot.
type GatewayBot struct {
	URL    string            `json:"url"`    // of the gateway, without query
	Shards int               `json:"shards"` // recommended number
	Limit  SessionStartLimit `json:"session_start_limit"`
}

// SessionStartLimit is the budget of Identifies. RESUMEs are free.
type SessionStartLimit struct {
	Total          int   `json:"total"`       // per day
	Remaining      int   `json:"remaining"`   // at 0 Discord resets the token
	ResetAfterMS   int64 `json:"reset_after"` // may be 0 while nothing is used
	MaxConcurrency int   `json:"max_concurrency"`
}

// ResetAfter is the time until Remaining is Total again.
func (l SessionStartLimit) ResetAfter() time.Duration {
	return time.Duration(l.ResetAfterMS) * time.Millisecond
}

// ShardOf is the shard that receives a guild's events: (guild id >> 22) % total.
func ShardOf(guild uint64, total int) int {
	return int((guild >> 22) % uint64(total))
}

// RESTError is an answer of Discord's REST API, or of a proxy in its place,
// that is not a success.
type RESTError struct {
	Status     int           // HTTP status
	Message    string        // of the body, cut to one short line, without secrets
	RetryAfter time.Duration // from a 429; else 0
	Hint       string        // what to do, for people
}

func (e *RESTError) Error() string {
	text := fmt.Sprintf("discord answered %d", e.Status)
	if e.Message != "" {
		text += " (" + e.Message + ")"
	}
	if e.Hint != "" {
		text += ": " + e.Hint
	}
	return text
}

// Fatal reports whether asking again cannot help: the token or the request is
// refused, and repeating it counts towards a ban of the address.
func (e *RESTError) Fatal() bool {
	return e.Status >= 400 && e.Status < 500 && e.Status != 408 && e.Status != 429
}

// CloseError is how a gateway connection ended, as far as it is known.
type CloseError struct {
	Code   int    // WebSocket close code; 0 if the connection was lost without one
	Reason string // Discord's words, or the network error's, without secrets
}

func (e *CloseError) Error() string {
	switch {
	case e.Code == 0:
		return "connection lost: " + e.Reason
	case e.Reason == "":
		return fmt.Sprintf("closed with %d", e.Code)
	default:
		return fmt.Sprintf("closed with %d (%s)", e.Code, e.Reason)
	}
}
