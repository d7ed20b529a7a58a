package tui

import (
	"encoding/json"
	"reflect"
	"slices"

	"github.com/gatehouse-gateway/gatehouse/tui/frame"
)

// inForce is a presence as the form shows it: in its fields if they can say all
// of it, else as JSON. An empty one is what Discord shows by itself.
func inForce(template string) presence {
	if template == "" {
		return presence{}
	}
	var d struct {
		Status     string
		Activities []struct {
			Name, State string
			Type        int
		}
	}
	raw := presence{text: template}
	if json.Unmarshal([]byte(template), &d) != nil || len(d.Activities) > 1 {
		return raw
	}
	p := presence{status: slices.Index(statuses(), d.Status)}
	if len(d.Activities) == 1 {
		a := d.Activities[0]
		p.activity = slices.IndexFunc(activities(), func(known activity) bool { return known.kind == a.Type })
		if p.text = a.Name; a.Type == customStatus {
			p.text = a.State
		}
	}
	if p.status < 0 || p.activity < 0 || !sameJSON(p.data(), []byte(template)) {
		return raw
	}
	return p
}

// sameJSON reports whether two presences say the same, in whatever order.
func sameJSON(a, b []byte) bool {
	var x, y map[string]any
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return false
	}
	for _, m := range []map[string]any{x, y} {
		// What is left out is null, or false.
		if m["since"] == nil {
			delete(m, "since")
		}
		if m["afk"] == false {
			delete(m, "afk")
		}
		if m["activities"] == nil {
			m["activities"] = []any{}
		}
	}
	return reflect.DeepEqual(x, y)
}

// words are a presence on one line.
func (p presence) words() string {
	switch {
	case p.raw():
		return frame.Cut(p.text, 60)
	case p.text == "":
		return statuses()[p.status] + ", no activity"
	default:
		return statuses()[p.status] + ", " + activities()[p.activity].name + " " + frame.Cut(p.text, 40)
	}
}
