package discovery

import (
	"errors"
	"net/http"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
)

// Saved is what a run leaves to the next one. What remained of the identify
// budget is not in it, since only Discord knows that: until it has told, a run
// may RESUME but not identify. Two can be compared with ==.
type Saved struct {
	Version        int       `json:"version"` // of the format
	Owner          string    `json:"owner"`   // as told by [Config]
	URL            string    `json:"url,omitempty"`
	Shards         int       `json:"shards,omitempty"` // recommended
	MaxConcurrency int       `json:"max_concurrency,omitempty"`
	Total          int       `json:"total,omitempty"`    // of the budget
	ToldAt         time.Time `json:"told_at,omitzero"`   // when Discord said so; zero if it never did
	HoldTill       time.Time `json:"hold_till,omitzero"` // Discord has told to ask nothing before
	HoldWhy        string    `json:"hold_why,omitempty"` // in words
}

// Store keeps what a run leaves to the next one. It is called by one goroutine
// at a time.
type Store interface {
	// LoadGateway returns what was saved last, nil if nothing was.
	LoadGateway() (*Saved, error)
	// SaveGateway replaces what was saved, atomically.
	SaveGateway(*Saved) error
}

// version is the format written here.
const version = 1

// longestTold is the longest wait of an earlier run that is believed: what the
// REST client takes from Discord, and what is added to it.
const longestTold = 24*time.Hour + time.Minute

// Usable says why a start cannot go by what was saved; it is nil if it can.
func (s *Saved) Usable(owner string) error {
	switch {
	case s.Owner != owner:
		return errors.New("it is of another token or another API")
	case s.URL == "" || s.Shards < 1:
		return errors.New("the gateway's address is not in it")
	default:
		return nil
	}
}

// Saved is what to keep for the next run; false if there is nothing yet.
func (c *Caller) Saved() (Saved, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := Saved{Version: version, Owner: c.owner}
	if c.last != nil {
		s.URL, s.Shards = c.last.URL, c.last.Shards
		s.MaxConcurrency, s.Total = c.last.Limit.MaxConcurrency, c.last.Limit.Total
		s.ToldAt = c.last.ToldAt.UTC().Round(0)
	} else if c.recalled != nil {
		s = *c.recalled
		s.HoldTill, s.HoldWhy = time.Time{}, ""
	}
	if c.holdTold && c.clock.Now().Before(c.status.HoldTill) {
		s.HoldTill, s.HoldWhy = c.status.HoldTill.UTC().Round(0), c.status.Err.Error()
	}
	return s, s != Saved{Version: version, Owner: c.owner}
}

// Recall takes what an earlier run left, before the first question. If Discord
// had told it to wait, this one waits as well: a program that is started again
// and again must not ask each time. What is of another owner is left out.
func (c *Caller) Recall(s Saved) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.Owner != c.owner {
		return
	}
	c.recalled = &s
	now := c.clock.Now()
	if c.status.Asked > 0 || !s.HoldTill.After(now) {
		return
	}
	wait := min(s.HoldTill.Sub(now), longestTold)
	c.holdTold = true
	c.status.HoldTill, c.status.ErrAt, c.status.Err = now.Add(wait), now, &earlier{s.HoldWhy, wait}
}

// earlier is what an earlier run was told. For those who ask what kind of error
// it is, it is a 429: nobody is at fault, and time helps.
type earlier struct {
	why  string
	wait time.Duration
}

func (e *earlier) Error() string { return e.why }

func (e *earlier) Unwrap() error {
	return &discord.RESTError{Status: http.StatusTooManyRequests, RetryAfter: e.wait}
}
