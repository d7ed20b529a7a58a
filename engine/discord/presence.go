package discord

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Presence is d of op 3, with what a bot may set (Discord docs, Gateway events:
// update presence).
type Presence struct {
	Since      *int64     `json:"since"`      // Unix ms
	Activities []Activity `json:"activities"` // not nil: null disconnects
	Status     string     `json:"status"`     // one of PresenceStatuses
	AFK        bool       `json:"afk"`
}

// Activity is what a bot does, as members see it.
type Activity struct {
	Name  string `json:"name"`
	Type  int    `json:"type"`            // one of the Activity types
	URL   string `json:"url,omitempty"`   // of a stream
	State string `json:"state,omitempty"` // text of a custom status
}

// The types of an activity (Discord docs, Gateway events: activity types).
const (
	ActivityPlaying   = 0
	ActivityStreaming = 1
	ActivityListening = 2
	ActivityWatching  = 3
	ActivityCustom    = 4
	ActivityCompeting = 5
)

// CustomStatus is the name that Discord expects of an activity that is a status in
// the bot's own words.
const CustomStatus = "Custom Status"

// PresenceStatuses are those of a presence (Discord docs, Gateway events: status
// types).
func PresenceStatuses() []string {
	return []string{"online", "dnd", "idle", "invisible", "offline"}
}

// JSON is the presence without escapes for HTML: they would spend five bytes more
// on each & < >, of the 4096 that a command may have.
func (p *Presence) JSON() (json.RawMessage, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(p); err != nil {
		return nil, fmt.Errorf("presence: %w", err)
	}
	return bytes.TrimSpace(out.Bytes()), nil
}

// placeholder is what stands in a template for a figure of the shard.
var placeholder = regexp.MustCompile(`\{\{\s*(\w+)\s*\}\}`)

// RenderPresence makes the presence of one shard out of a template: {{shard}},
// {{shards}} and {{guilds}} in its strings become the shard's id, the number of
// shards and of guilds. What Discord requires and the template leaves out is
// added: status online, no activities, afk false. It fails as [ValidatePresence]
// does. An empty template gives none.
func RenderPresence(template json.RawMessage, shard, shards, guilds int) (json.RawMessage, error) {
	if len(template) == 0 {
		return nil, nil
	}
	// In valid JSON, "{{" occurs in strings alone, and digits need no escape.
	filled := placeholder.ReplaceAllFunc(template, func(match []byte) []byte {
		switch string(placeholder.FindSubmatch(match)[1]) {
		case "shard":
			return strconv.AppendInt(nil, int64(shard), 10)
		case "shards":
			return strconv.AppendInt(nil, int64(shards), 10)
		case "guilds":
			return strconv.AppendInt(nil, int64(guilds), 10)
		default:
			return match
		}
	})
	p, err := parsePresence(template, filled)
	if err != nil {
		return nil, err
	}
	return p.JSON()
}

// ValidatePresence checks a presence, or a template of one, as Discord would:
// status is online, dnd, idle, invisible or offline, activities is an array of
// {name, type, url, state}, nothing else is set. Errors name the field. An
// empty presence is valid.
func ValidatePresence(raw json.RawMessage) error {
	_, err := RenderPresence(raw, 0, 1, 0)
	return err
}

func parsePresence(template, filled []byte) (*Presence, error) {
	if !json.Valid(template) {
		return nil, errors.New("presence: not valid JSON")
	}
	if rest := placeholder.Find(filled); rest != nil {
		return nil, fmt.Errorf("presence: unknown placeholder %s; known are {{shard}}, {{shards}}, {{guilds}}", rest)
	}
	var p Presence
	dec := json.NewDecoder(bytes.NewReader(filled))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&p); err != nil {
		return nil, presenceError(err)
	}
	if p.Activities == nil {
		p.Activities = []Activity{} // null disconnects
	}
	if p.Status == "" {
		p.Status = "online"
	}
	if statuses := PresenceStatuses(); !slices.Contains(statuses, p.Status) {
		return nil, fmt.Errorf("presence: status %q is not one of %s", p.Status, strings.Join(statuses, ", "))
	}
	for i, a := range p.Activities {
		if err := a.check(); err != nil {
			return nil, fmt.Errorf("presence: activity %d: %w", i+1, err)
		}
	}
	return &p, nil
}

// presenceError says in the configuration's words what encoding/json objects to.
func presenceError(err error) error {
	var mistyped *json.UnmarshalTypeError
	if errors.As(err, &mistyped) {
		if mistyped.Field == "" {
			return fmt.Errorf("presence: must be an object, not %s", mistyped.Value)
		}
		return fmt.Errorf("presence: %s cannot be %s", mistyped.Field, mistyped.Value)
	}
	if field, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return fmt.Errorf("presence: unknown field %s; known are status, activities (name, type, url, state), since, afk", field)
	}
	return fmt.Errorf("presence: %w", err)
}

func (a Activity) check() error {
	switch {
	case a.Name == "":
		return errors.New("name is missing")
	case a.Type < 0 || a.Type > ActivityCompeting:
		return fmt.Errorf("type %d is not one of 0 playing, 1 streaming, 2 listening, 3 watching, 4 custom, 5 competing", a.Type)
	case a.Type == ActivityStreaming && !strings.HasPrefix(a.URL, "https://"):
		return errors.New("streaming needs the url of a Twitch or YouTube stream")
	case a.Type == ActivityCustom && a.State == "":
		return errors.New("a custom status needs its text in state")
	default:
		return nil
	}
}
