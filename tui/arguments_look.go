package tui

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/filter"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
	"github.com/gatehouse-gateway/gatehouse/tui/screen"
)

// filterArgument is the filter itself.
func filterArgument() *argument {
	return &argument{
		name: "filter", optional: true,
		hint:     func(*model) string { return "such as state:resuming, !ready, id:0-63, lat>200; off for none" },
		complete: filterWords,
		run: func(m *model, text string) (tea.Cmd, error) {
			if text == "off" {
				text = ""
			}
			if err := m.setFilter(text); err != nil {
				return nil, err
			}
			return moving((*model).toFirstMatch)(m), nil
		},
	}
}

// filterWords are the terms that can be the last of a filter, behind those before it.
func filterWords(m *model, typed string) []completion {
	before := typed[:strings.LastIndexByte(typed, ' ')+1]
	var out []completion
	for _, w := range filter.Words() {
		out = append(out, completion{value: before + w.Text, note: w.Note})
	}
	if m.snap != nil && m.snap.Workers != nil {
		for _, w := range m.snap.Workers {
			out = append(out, completion{value: before + "worker:" + strconv.Itoa(w.ID), note: frame.Plural(len(w.Shards), "shard")})
		}
	}
	if before == "" {
		out = append(out, completion{value: "off", note: "no filter"})
	}
	return out
}

// toFirstMatch takes the cursor to a shard that the filter picks, unless it is
// on one.
func (m *model) toFirstMatch() {
	f := &m.filter
	if f.matches > 0 && !f.match[min(m.sel.index, len(f.match)-1)] {
		m.seek(1)
	}
}

// levels are the levels of the log, from the talkative to the quiet.
func levels() []ops.Level {
	return []ops.Level{ops.LevelDebug, ops.LevelInfo, ops.LevelWarn, ops.LevelError}
}

func levelNames() []string {
	var names []string
	for _, l := range levels() {
		names = append(names, l.String())
	}
	return names
}

// levelArgument is the least level of the lines on show.
func levelArgument() *argument {
	return wordArgument("level", func(*model) []string { return levelNames() }, true, func(m *model, name string) tea.Cmd {
		return relog(func(m *model) {
			for _, l := range levels() {
				if l.String() == name {
					m.log.ask(l, m.log.shard)
				}
			}
		})(m)
	})
}

// wordArgument is one of some words.
func wordArgument(name string, words func(m *model) []string, optional bool, take func(m *model, word string) tea.Cmd) *argument {
	return &argument{
		name: name, optional: optional,
		hint:     func(m *model) string { return strings.Join(words(m), ", ") },
		complete: func(m *model, _ string) []completion { return values(words(m)...) },
		run: func(m *model, text string) (tea.Cmd, error) {
			for _, word := range words(m) {
				if strings.EqualFold(word, text) {
					return take(m, word), nil
				}
			}
			return nil, fmt.Errorf("%q is not a %s; allowed: %s", text, name, strings.Join(words(m), ", "))
		},
	}
}

// pageArgument is the number or the name of a page.
func pageArgument() *argument {
	names := func(*model) []string {
		var out []string
		for i, t := range tabs() {
			out = append(out, strconv.Itoa(i+1), t.name)
		}
		return out
	}
	a := wordArgument("page", names, false, func(m *model, word string) tea.Cmd {
		for i, t := range tabs() {
			if word == t.name || word == strconv.Itoa(i+1) {
				return moving(func(m *model) { m.turnToTab(t) })(m)
			}
		}
		return nil
	})
	a.hint = func(*model) string { return "1 to 9, or a name" }
	a.complete = func(*model, string) []completion {
		var out []completion
		for i, t := range tabs() {
			out = append(out, completion{value: t.name, note: strconv.Itoa(i+1) + "  " + t.title})
		}
		return out
	}
	return a
}

// colourArgument is what the colours of the grid stand for.
func colourArgument() *argument {
	metrics := func() []screen.Metric {
		out := []screen.Metric{0}
		for n := screen.Metric(0).Next(); n != 0; n = n.Next() {
			out = append(out, n)
		}
		return out
	}
	word := func(n screen.Metric) string { return strings.TrimSuffix(n.String(), "/s") }
	return wordArgument("metric", func(*model) []string {
		var out []string
		for _, n := range metrics() {
			out = append(out, word(n))
		}
		return out
	}, true, func(m *model, text string) tea.Cmd {
		for _, n := range metrics() {
			if word(n) == text {
				m.metric = n
			}
		}
		return nil
	})
}

// refreshArgument is the time between two looks at the engine.
func refreshArgument() *argument {
	least, most := refreshSteps()[0], 10*time.Second
	hint := frame.Duration(least) + " to " + frame.Duration(most) + ", such as 500ms or 2s"
	return &argument{
		name: "time", hint: func(*model) string { return hint },
		complete: func(*model, string) []completion {
			var out []completion
			for _, d := range refreshSteps() {
				out = append(out, completion{value: d.String()})
			}
			return out
		},
		run: func(m *model, text string) (tea.Cmd, error) {
			d, err := time.ParseDuration(text)
			if err != nil || d < least || d > most {
				return nil, fmt.Errorf("%q is not a time between two looks; allowed: %s", text, hint)
			}
			m.pull.refresh = d
			m.say(screen.ToneQuiet, "refresh every "+frame.Duration(d))
			return nil, nil
		},
	}
}

// themeArgument is the name of a theme.
func themeArgument() *argument {
	return wordArgument("theme", func(m *model) []string { return m.opt.Library.Names() }, true, func(m *model, name string) tea.Cmd {
		t, err := m.opt.Library.Load(name)
		if err != nil {
			m.say(screen.ToneBad, err.Error())
			return nil
		}
		m.chosen = t
		m.restyle(t)
		m.say(screen.ToneGood, "theme "+name)
		return nil
	})
}

// findArgument is a text to look for in the log.
func findArgument() *argument {
	return &argument{
		name: "text", hint: func(*model) string { return "what lines of the log must have; off for all" },
		run: func(m *model, text string) (tea.Cmd, error) {
			if text == "off" {
				text = ""
			}
			m.log.search(text)
			return nil, nil
		},
	}
}
