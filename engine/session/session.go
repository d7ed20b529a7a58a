// Package session keeps what is needed to RESUME on disk, so that a restart of
// the program costs no identify and no event: Discord holds the events since the
// sequence number that was kept, and sends them again.
//
// A [File] is written as a whole, atomically, by one goroutine. Nothing here
// owns a goroutine or reads a clock.
package session

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/identify"
	"github.com/gatehouse-gateway/gatehouse/engine/pipeline"
)

// Session is one shard's session at Discord. It is a secret together with the
// token alone, and is kept from other users all the same.
type Session struct {
	Shard     int       `json:"shard"`
	ID        string    `json:"session_id"`
	ResumeURL string    `json:"resume_url"`
	Seq       int64     `json:"seq"` // up to here every event has been acknowledged by every sink
	Since     time.Time `json:"since"`

	// Through is set for a while after a reshard: up to here every event but those
	// in Open has been dealt with, if not as this session's then as one of the fleet
	// before.
	Through int64   `json:"through,omitempty"`
	Open    []int64 `json:"open,omitempty"` // ascending

	// Guilds is what the events up to Seq have changed since the guilds were saved;
	// nil for nothing.
	Guilds *pipeline.Known `json:"guilds,omitempty"`
}

// Equal reports whether two sessions stand the same. What has changed of the guilds
// goes with the sequence number.
func (s Session) Equal(o Session) bool {
	return s.Shard == o.Shard && s.ID == o.ID && s.ResumeURL == o.ResumeURL && s.Seq == o.Seq &&
		s.Since.Equal(o.Since) && s.Through == o.Through && slices.Equal(s.Open, o.Open)
}

// Resharded is how a process came to the shards that it holds, if not by its
// configuration. As long as that stays as it was then, a restart keeps them.
type Resharded struct {
	First           int `json:"first"` // slice held, inclusive
	Last            int `json:"last"`
	ConfiguredTotal int `json:"configured_total"` // shards.total, .first and .last
	ConfiguredFirst int `json:"configured_first"`
	ConfiguredLast  int `json:"configured_last"`

	From  int       `json:"from"` // shards before
	Begun time.Time `json:"begun"`
	At    time.Time `json:"at"` // of the switch
	// Untold says that the sinks may not have been told yet.
	Untold bool `json:"untold,omitempty"`
}

// Identity says whose sessions they are. A session can be resumed only with the
// token, intents and number of shards that it was identified with.
type Identity struct {
	Token   string          `json:"token_fingerprint"`
	Intents discord.Intents `json:"intents"`
	Total   int             `json:"shards"`
}

// Loaded is who has been told that the guilds of a fleet are there.
type Loaded struct {
	Since time.Time `json:"since"`          // when the fleet was begun
	Told  []string  `json:"told,omitempty"` // names of sinks
}

// Saved are the sessions of a process at one instant.
type Saved struct {
	Version  int       `json:"version"` // of the format
	At       time.Time `json:"saved_at"`
	Identity Identity  `json:"identity"`
	Sessions []Session `json:"sessions"`
	// LastIdentify is when the process last identified: Discord counts the
	// seconds to the next one across restarts.
	LastIdentify time.Time `json:"last_identify,omitzero"`
	// Resharded is nil if the shards are those of the configuration.
	Resharded *Resharded `json:"resharded,omitempty"`
	// Loaded is nil if an earlier version has saved them.
	Loaded *Loaded `json:"loaded,omitempty"`
}

// Guilds are the guilds of the sessions at one instant. They change seldom and
// are much, so they are kept apart from the sessions.
type Guilds struct {
	Version int           `json:"version"` // of the format
	Shards  []ShardGuilds `json:"shards"`
}

// ShardGuilds are the guilds of one session.
type ShardGuilds struct {
	Shard   int            `json:"shard"`
	Session string         `json:"session_id"` // that they were known in
	Guilds  pipeline.Known `json:"guilds"`
}

// Identifies is what a process has spent of the bot's session starts, and what it
// has learnt from that. Unlike sessions it holds for any number of shards.
type Identifies struct {
	Version int             `json:"version"` // of the format
	Token   string          `json:"token_fingerprint"`
	Memory  identify.Memory `json:"identifies"`
}

// version is the format written here.
const version = 1

// oldest is the age from which sessions are not worth a try: Discord keeps them
// for minutes (observed, no figure is documented).
const oldest = time.Hour

// Usable says why saved sessions cannot be resumed now under an identity; it is
// nil if they can.
func (s *Saved) Usable(now time.Time, id Identity) error {
	switch {
	case s.Identity.Token != id.Token:
		return errors.New("they belong to another token")
	case s.Identity.Intents != id.Intents:
		return fmt.Errorf("discord.intents were %d then and are %d now", s.Identity.Intents, id.Intents)
	case s.Identity.Total != id.Total:
		return fmt.Errorf("the bot had %d shards then and has %d now", s.Identity.Total, id.Total)
	case now.Sub(s.At) > oldest:
		return fmt.Errorf("they are %s old, and Discord keeps sessions for minutes", now.Sub(s.At).Round(time.Minute))
	default:
		return nil
	}
}
