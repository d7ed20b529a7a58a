package tui

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
	"github.com/gatehouse-gateway/gatehouse/tui/screen"
)

// shardRange are the ids on show, in words.
func (m *model) shardRange() string {
	all := m.shards()
	if len(all) == 0 {
		return "there are no shards yet"
	}
	return fmt.Sprintf("%d to %d", all[0].ID, all[len(all)-1].ID)
}

// shardID reads the id of a shard on show.
func (m *model) shardID(text string) (int, error) {
	id, err := strconv.Atoi(text)
	if err != nil || indexOf(m.shards(), id) < 0 {
		return 0, fmt.Errorf("%q is not a shard here; allowed: %s", text, m.shardRange())
	}
	return id, nil
}

// shardValues lists the shards, those in trouble first.
func shardValues(m *model, _ string) []completion {
	var worst, others []completion
	for i := range m.shards() {
		s := &m.shards()[i]
		c := completion{value: strconv.Itoa(s.ID), note: s.State.String() + ", " + frame.Plural(s.Guilds, "guild")}
		if screen.Troubled(s, m.snap.At) {
			worst = append(worst, c)
		} else {
			others = append(others, c)
		}
	}
	return append(worst, others...)
}

// shardArgument is the shard to go to.
func shardArgument() *argument {
	return &argument{
		name: "id", hint: (*model).shardRange, complete: shardValues,
		run: func(m *model, text string) (tea.Cmd, error) {
			id, err := m.shardID(text)
			if err != nil {
				return nil, err
			}
			return moving(func(m *model) {
				m.selectID(id)
				if m.page != pageDrawer {
					m.beneath = pageDash
					if m.page == pageShards {
						m.beneath = pageShards
					}
					m.turnTo(pageDrawer)
				}
			})(m), nil
		},
	}
}

// targetsArgument are the shards that an action is about, in the place of the
// marked ones or the one under the cursor. It asks what it asks of those; cursor
// and marks stay as they are.
func targetsArgument(id string, can func(m *model) (bool, string), ask func(m *model) tea.Cmd) *argument {
	return &argument{
		name: "shards", optional: true, complete: shardValues,
		hint: func(m *model) string { return "ids such as 12 or 0-3,7; " + m.shardRange() },
		run: func(m *model, text string) (tea.Cmd, error) {
			ids, err := m.shardIDs(text)
			if err != nil {
				return nil, err
			}
			defer m.target(ids)()
			if ok, why := can(m); !ok {
				return nil, errors.New(id + " " + text + ": " + why)
			}
			return ask(m), nil
		},
	}
}

// target makes shards those that actions are about. What it returns undoes that.
func (m *model) target(ids []int) (undo func()) {
	marked := m.sel.marked
	m.sel.marked = map[int]bool{}
	for _, id := range ids {
		m.sel.marked[id] = true
	}
	return func() { m.sel.marked = marked }
}

// shardIDs reads ids and ranges of them, such as 0-3,7.
func (m *model) shardIDs(text string) ([]int, error) {
	var out []int
	for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' || r == ' ' }) {
		from, to, ranged := strings.Cut(part, "-")
		if !ranged {
			to = from
		}
		first, err := m.shardID(from)
		if err != nil {
			return nil, err
		}
		last, err := m.shardID(to)
		if err != nil {
			return nil, err
		}
		if last < first {
			return nil, fmt.Errorf("%q runs backwards; write %d-%d", part, last, first)
		}
		for id := first; id <= last; id++ {
			out = append(out, id)
		}
	}
	return out, nil
}

// onlyArgument is the shard whose lines the log shows.
func onlyArgument() *argument {
	return &argument{
		name: "shard", optional: true, hint: func(m *model) string { return m.shardRange() + ", or all" },
		complete: func(m *model, typed string) []completion {
			return append(values("all"), shardValues(m, typed)...)
		},
		run: func(m *model, text string) (tea.Cmd, error) {
			id := -1
			if text != "all" {
				var err error
				if id, err = m.shardID(text); err != nil {
					return nil, err
				}
			}
			return relog(func(m *model) { m.log.ask(m.log.level, id) })(m), nil
		},
	}
}

// reshardArgument is the number of shards to plan for. The plan is shown, and asks.
func reshardArgument() *argument {
	return &argument{
		name: "shards", optional: true,
		hint: func(m *model) string { return "a number from 1; shows the plan, which asks" },
		complete: func(m *model, _ string) []completion {
			if m.live == nil || m.live.Reshard.Recommended == 0 {
				return nil
			}
			return []completion{{value: strconv.Itoa(m.live.Reshard.Recommended), note: "recommended by Discord"}}
		},
		run: func(m *model, text string) (tea.Cmd, error) {
			n, err := strconv.Atoi(text)
			switch {
			case err != nil || n < 1 || len(text) > targetDigits:
				return nil, fmt.Errorf("%q is not a number of shards; allowed: 1 to 999999", text)
			case m.live == nil:
				return nil, errors.New("the engine has not answered yet")
			case m.live.Reshard.Now != nil:
				return nil, errors.New("a reshard is under way; {page-reshard} shows it")
			}
			m.openTarget(ops.Target{Total: n})
			return m.askPlan(m.wizard.form), nil
		},
	}
}
