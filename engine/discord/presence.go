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

// presence is d of op 3, with what a bot may set.
type presence struct {
	Since      *int64     `json:"since"` // Unix ms
	Activities []activity `json:"activities"`
	Status     string     `json:"status"`
	AFK        bool       `json:"afk"`
}

type activity struct {
	Name  string `json:"name"`
	Type  int    `json:"type"`
	URL   string `json:"url,omitempty"`
	State string `json:"state,omitempty"`
}

const (
	activityStreaming = 1
	activityCustom    = 4
	activityLast      = 5
)

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
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false) // it would spend five bytes more on each & < >
	if err := enc.Encode(p); err != nil {
		return nil, fmt.Errorf("presence: %w", err)
	}
	return bytes.TrimSpace(out.Bytes()), nil
}

// ValidatePresence checks a presence, or a template of one, as Discord would:
// status is online, dnd, idle, invisible or offline, activities is an array of
// {name, type, url, state}, nothing else is set. Errors name the field. An
// empty presence is valid.
func ValidatePresence(raw json.RawMessage) error {
	_, err := RenderPresence(raw, 0, 1, 0)
	return err
}

func parsePresence(template, filled []byte) (*presence, error) {
	if !json.Valid(template) {
		return nil, errors.New("presence: not valid JSON")
	}
	if rest := placeholder.Find(filled); rest != nil {
		return nil, fmt.Errorf("presence: unknown placeholder %s; known are {{shard}}, {{shards}}, {{guilds}}", rest)
	}
	var p presence
	dec := json.NewDecoder(bytes.NewReader(filled))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&p); err != nil {
		return nil, presenceError(err)
	}
	if p.Activities == nil {
		p.Activities = []activity{} // null disconnects
	}
	if p.Status == "" {
		p.Status = "online"
	}
	statuses := []string{"online", "dnd", "idle", "invisible", "offline"}
	if !slices.Contains(statuses, p.Status) {
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

func (a activity) check() error {
	switch {
	case a.Name == "":
		return errors.New("name is missing")
	case a.Type < 0 || a.Type > activityLast:
		return fmt.Errorf("type %d is not one of 0 playing, 1 streaming, 2 listening, 3 watching, 4 custom, 5 competing", a.Type)
	case a.Type == activityStreaming && !strings.HasPrefix(a.URL, "https://"):
		return errors.New("streaming needs the url of a Twitch or YouTube stream")
	case a.Type == activityCustom && a.State == "":
		return errors.New("a custom status needs its text in state")
	default:
		return nil
	}
}
