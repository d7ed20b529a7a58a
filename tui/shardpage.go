package tui

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
	"github.com/gatehouse-gateway/gatehouse/tui/screen"
)

// What the page of a shard asks for, and how often at most.
const (
	shardLogLines = 50
	shardGuilds   = 100
	guildsEvery   = time.Second
)

// shardPage is what is on show of a shard beyond its detail.
type shardPage struct {
	tab    screen.ShardTab
	shard  int // whom the rest is about
	find   string
	guilds *ops.GuildPage
	at     time.Time // when they came
	log    []ops.LogLine
	last   uint64 // line of the engine's log up to which log is complete
}

// wanted is what a pull shall bring of the shard on show.
func (p *shardPage) wanted(id int, now time.Time) (guilds *ops.GuildQuery, log *ops.LogQuery, last uint64) {
	if id != p.shard {
		*p = shardPage{tab: p.tab, shard: id}
	}
	if p.guilds == nil || now.Sub(p.at) >= guildsEvery {
		guilds = &ops.GuildQuery{Shard: id, Contains: p.find, Max: shardGuilds}
	}
	return guilds, &ops.LogQuery{Level: ops.LevelDebug, Shard: id, Max: shardLogLines}, p.last
}

// take takes in what was asked for, unless it is about another shard or search.
func (p *shardPage) take(msg *pullMsg, now time.Time) {
	if q := msg.req.guilds; q != nil && msg.guilds != nil && q.Shard == p.shard && q.Contains == p.find {
		p.guilds, p.at = msg.guilds, now
	}
	if q := msg.req.shardLog; q != nil && msg.shardLog != nil && q.Shard == p.shard {
		p.log, p.last = msg.shardLog.Lines, msg.shardLog.Last
	}
}

// search looks for guilds whose ids hold these digits.
func (p *shardPage) search(text string) {
	p.find, p.at = strings.TrimSpace(text), time.Time{}
}

func (m *model) shardPage(look screen.Look) screen.ShardPage {
	p := &m.shardAll
	page := screen.ShardPage{Drawer: m.drawer(look), Tab: p.tab, TabKey: m.byID("focus").written()}
	if s := m.selected(); s != nil && s.ID == p.shard {
		page.Guilds, page.Find, page.Log = p.guilds, p.find, p.log
	}
	return page
}

// placeMsg is where a guild is.
type placeMsg struct {
	place ops.GuildPlace
	err   error
}

// whereArgument is the id of a guild, and perhaps a number of shards.
func whereArgument() *argument {
	return &argument{
		name: "guild", hint: func(*model) string {
			return "the id of a guild, and a number of shards if it is about a plan: 81384788765712384 64"
		},
		run: func(m *model, text string) (tea.Cmd, error) {
			words := strings.Fields(text)
			if len(words) == 0 || len(words) > 2 {
				return nil, errors.New("expected the id of a guild, and perhaps a number of shards")
			}
			guild, err := strconv.ParseUint(words[0], 10, 64)
			if err != nil || guild == 0 {
				return nil, fmt.Errorf("%q is not the id of a guild: write its number, as Discord shows it in developer mode", words[0])
			}
			total := 0
			if len(words) == 2 {
				if total, err = strconv.Atoi(words[1]); err != nil || total < 1 || len(words[1]) > targetDigits {
					return nil, fmt.Errorf("%q is not a number of shards; allowed: 1 to 999999", words[1])
				}
			}
			return m.tasks.do(func(ctx context.Context) tea.Msg {
				ctx, cancel := context.WithTimeout(ctx, pullTimeout)
				defer cancel()
				place, err := m.opt.Operator.Where(ctx, guild, total)
				return placeMsg{place, err}
			}), nil
		},
	}
}

// placed shows the shard of a guild.
func (m *model) placed(msg placeMsg) tea.Cmd {
	m.dirty = true
	if msg.err != nil {
		m.say(screen.ToneBad, "where: "+msg.err.Error())
		return nil
	}
	p := msg.place
	text := fmt.Sprintf("guild %d is on shard %d of %d", p.Guild, p.Shard, p.Shards)
	switch {
	case !p.Held:
		text += ", which is not held by this process"
	case p.State == ops.GuildAbsent:
		text += ", but the bot is not in it"
	default:
		text += ", " + p.State.String()
	}
	if p.PlannedShards > 0 {
		text += fmt.Sprintf("; of %d it would be on shard %d", p.PlannedShards, p.Planned)
	}
	m.say(screen.ToneGood, frame.Clean(text))
	if !p.Held {
		return nil
	}
	return moving(func(m *model) {
		if m.selectID(p.Shard) && m.page != pageDrawer {
			m.beneath = m.page
			m.turnTo(pageDrawer)
		}
	})(m)
}
