package tui

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/dialog"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
)

// The fields of the form, in their order.
const (
	fieldShards = iota
	fieldStatus
	fieldActivity
	fieldText
)

// presenceMost is how many characters of a presence can be typed; what is too
// long for Discord the engine refuses.
const presenceMost = 4096

// presence is what the form holds: what is in force, or a draft that has not
// been sent, which is kept for the next time.
type presence struct {
	draft    bool // somebody has changed it
	all      bool
	status   int
	activity int
	text     string
}

func statuses() []string { return []string{"online", "idle", "dnd", "invisible"} }

// customStatus is the activity whose text stands in state.
const customStatus = 4

// activity is a way in which a bot's activity is shown (Discord docs, Gateway
// events: activity types).
type activity struct {
	kind int
	name string
}

func activities() []activity {
	return []activity{{customStatus, "custom status"}, {0, "Playing"}, {3, "Watching"}, {2, "Listening to"}, {5, "Competing in"}}
}

// openPresence opens the form.
func (m *model) openPresence() {
	p := &m.presence
	if !p.draft {
		*p = inForce(m.live.Presence)
	}
	names := []string{}
	for _, a := range activities() {
		names = append(names, a.name)
	}
	d := &dialog.Dialog{
		ID: "presence", Title: "Presence: what people see of the bot", Opener: "u",
		Fields: []dialog.Field{
			{Label: "shards", Options: m.presenceTargets()},
			{Label: "status", Options: statuses(), Choice: p.status},
			{Label: "activity", Options: names, Choice: p.activity},
			{Label: "text", Hint: "no activity", Line: dialog.Line{Most: presenceMost}},
		},
		Buttons: []dialog.Button{dialog.Cancel(), {ID: "yes", Label: "Send", Key: "y"}},
	}
	if p.draft {
		d.Buttons = slices.Insert(d.Buttons, 1, dialog.Button{ID: "drop", Label: "Drop the draft", Key: "d"})
	}
	if p.all {
		d.Fields[fieldShards].Choice = 1
	}
	d.Fields[fieldText].Line.Set(p.text)
	m.weighPresence(d)
	targets := m.targets()
	m.openWith(d, func(m *model, out dialog.Outcome) tea.Cmd { return m.presenceKey(d, targets, out) })
}

// presenceTargets are the choices of shards: those that an action is about, or all.
func (m *model) presenceTargets() []string {
	ids := m.targets()
	first := shardNames(ids)
	if n := len(m.sel.marked); n > 0 {
		first = strconv.Itoa(n) + " marked: " + idList(ids)
	}
	return []string{first, "all " + frame.Plural(len(m.live.Shards), "shard")}
}

// presenceKey hears the form.
func (m *model) presenceKey(d *dialog.Dialog, targets []int, out dialog.Outcome) tea.Cmd {
	p := &m.presence
	p.all = d.Fields[fieldShards].Choice == 1
	p.status, p.activity = d.Fields[fieldStatus].Choice, d.Fields[fieldActivity].Choice
	p.text = d.Fields[fieldText].Line.Text()
	switch {
	case out.Edited:
		// Which shards it is for is no part of what they show.
		p.draft = p.draft || d.Active != fieldShards
		m.weighPresence(d)
		return nil
	case out.Button == "drop":
		p.draft = false
		m.openPresence()
		return nil
	case out.Button != "yes":
		return nil
	}
	if !json.Valid(p.data()) { // the engine says what else is wrong
		m.openPresence()
		m.dialogs.Top().Active = fieldText
		return nil
	}
	s := ops.Send{Op: 3, Data: p.data()}
	what := "presence of all shards"
	if !p.all {
		s.Shards, what = targets, "presence of "+shardNames(targets)
	}
	return m.sendOut(what, s)
}

// presenceSent drops the draft of a presence that has been sent.
func (m *model) presenceSent(s ops.Send) {
	if s.Op == 3 && bytes.Equal(s.Data, m.presence.data()) {
		m.presence.draft = false
	}
}

// weighPresence says what is about to be sent, and what it costs.
func (m *model) weighPresence(d *dialog.Dialog) {
	p := &m.presence
	raw := p.raw()
	d.Fields[fieldStatus].Off, d.Fields[fieldActivity].Off = raw, raw
	data := p.data()
	n := len(m.targets())
	if p.all {
		n = len(m.live.Shards)
	}
	d.Facts = []dialog.Fact{
		{Label: "costs", Value: frame.Plural(n, "frame") + ",", Note: "one of the 120 in 60s of each shard; no identify, no reconnect"},
		{Label: "lasts", Value: "until it is changed:", Note: "later sessions of these shards begin with it"},
		{Label: "text", Value: "{{shard}} {{shards}} {{guilds}}", Note: "stand for each shard's figures; { begins the whole as JSON"},
		{Label: "sends", Value: frame.Cut(string(data), 180)},
	}
	if p.draft {
		force := inForce(m.live.Presence)
		d.Facts = append([]dialog.Fact{{Label: "draft", Value: "not sent yet;", Note: "in force: " + force.words()}}, d.Facts...)
	}
	d.Warning = ""
	if !json.Valid(data) {
		d.Warning = "This is not JSON yet: " + jsonFault(data)
	}
}

// jsonFault is why a text is not JSON.
func jsonFault(data []byte) string {
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		return strings.TrimPrefix(err.Error(), "json: ")
	}
	return ""
}

// raw reports whether the text is the whole presence.
func (p presence) raw() bool {
	return strings.HasPrefix(strings.TrimSpace(p.text), "{") && !p.template()
}

// template reports whether the text begins with one of the words that stand for a figure.
func (p presence) template() bool { return strings.HasPrefix(strings.TrimSpace(p.text), "{{") }

// data is `d` of the command.
func (p presence) data() json.RawMessage {
	text := strings.TrimSpace(p.text)
	if p.raw() {
		return json.RawMessage(text)
	}
	type entry struct {
		Name  string `json:"name"`
		Type  int    `json:"type"`
		State string `json:"state,omitempty"`
	}
	kind := activities()[p.activity].kind
	shown := []entry{}
	switch {
	case text == "":
	case kind == customStatus: // a custom status has its text in state, and any name
		shown = append(shown, entry{Name: "Custom Status", Type: kind, State: text})
	default:
		shown = append(shown, entry{Name: text, Type: kind})
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	// Nothing in it can fail to be encoded.
	_ = e.Encode(struct {
		Since      *int    `json:"since"`
		Activities []entry `json:"activities"`
		Status     string  `json:"status"`
		AFK        bool    `json:"afk"`
	}{nil, shown, statuses()[p.status], false})
	return bytes.TrimSpace(out.Bytes())
}
