package plain

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/filter"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
)

// question waits for a line.
type question struct {
	answer string // what must be typed
	then   func(ctx context.Context)
}

// command is something that can be typed.
type command struct {
	name, args, help string
	acts             bool // not in a read-only console
	run              func(c *console, ctx context.Context, args []string)
}

// commands are all of them, in the order of the help.
func commands() []command {
	return []command{
		{"status", "", "the engine in a sentence", false, func(c *console, _ context.Context, _ []string) { c.say(Summary(c.snap)) }},
		{"alerts", "", "what needs a person", false, (*console).alerts},
		{"shards", "[FILTER]", "shards that are not ready, or that a filter picks, such as lat>200 or worker:3", false, (*console).shards},
		{"shard", "ID", "a shard", false, (*console).shard},
		{"sinks", "", "where events go", false, (*console).sinks},
		{"where", "GUILD", "the shard of a guild", false, (*console).where},
		{"actions", "", "who did what of late", false, (*console).actions},
		{"restart", "ID", "restart a shard by RESUME; nothing is lost", true, (*console).restart},
		{"pause", "SINK", "hold deliveries to a sink", true, func(c *console, ctx context.Context, a []string) { c.sink(ctx, a, ops.CommandPauseSink, "pause") }},
		{"resume", "SINK", "let them go on", true, func(c *console, ctx context.Context, a []string) { c.sink(ctx, a, ops.CommandResumeSink, "resume") }},
		{"reshard", "SHARDS", "another number of shards, without a pause", true, (*console).reshard},
		{"drain", "", "close the shards resumably, deliver everything, exit", true, (*console).drain},
		{"detach", "", "leave, the engine goes on", false, (*console).detach},
		{"quit", "", "leave", false, (*console).quit},
	}
}

// obey does what a line says; while a question is open, the line is its answer.
func (c *console) obey(ctx context.Context, line string) {
	words := strings.Fields(line)
	if q := c.pending; q != nil {
		c.pending = nil
		if strings.TrimSpace(line) == q.answer {
			q.then(ctx)
			return
		}
		c.say("Not done.")
		if strings.TrimSpace(line) != "detach" { // which answers the question of quit
			return
		}
	}
	if len(words) == 0 {
		return
	}
	name := strings.ToLower(words[0])
	if name == "help" || name == "?" {
		c.help()
		return
	}
	for _, cmd := range commands() {
		switch {
		case cmd.name != name:
			continue
		case c.snap == nil && name != "quit" && name != "detach":
			c.say("The engine has not answered yet.")
		case cmd.acts && c.ReadOnly:
			c.say("Not done: this console is read-only.")
		default:
			cmd.run(c, ctx, words[1:])
		}
		return
	}
	c.say(fmt.Sprintf("%q is not a command; help lists them.", frame.Clean(words[0])))
}

func (c *console) help() {
	for _, cmd := range commands() {
		c.say(strings.TrimSpace(cmd.name+" "+cmd.args) + ": " + cmd.help + ".")
	}
}

// ask asks for a word before something is done.
func (c *console) ask(what, answer string, then func(ctx context.Context)) {
	c.pending = &question{answer, then}
	c.say(what + " Type " + answer + " to go on, anything else to leave it.")
}

// do has the engine do something; what comes of it is told as an action.
func (c *console) do(ctx context.Context, cmd ops.Command) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	cmd.By = c.User
	if _, err := c.Operator.Do(ctx, cmd); err != nil {
		c.say("Not done: " + frame.Clean(err.Error()) + ".")
		return
	}
	c.say("Asked.")
}

func (c *console) alerts(context.Context, []string) {
	if len(c.snap.Alerts) == 0 {
		c.say("No alerts.")
	}
	for i := range c.snap.Alerts {
		c.say(alertText(&c.snap.Alerts[i]))
	}
}

// shardsMost is how many shards are read out.
const shardsMost = 20

func (c *console) shards(_ context.Context, args []string) {
	text := strings.Join(args, " ")
	if text == "" {
		text = "!ready"
	}
	f, err := filter.Parse(text)
	if err != nil {
		c.say("Not a filter: " + err.Error() + ".")
		return
	}
	n := 0
	for i := range c.snap.Shards {
		s := &c.snap.Shards[i]
		if !f.Match(s, c.snap.At) {
			continue
		}
		if n++; n <= shardsMost {
			c.say(c.shardText(s))
		}
	}
	switch {
	case len(c.snap.Shards) == 0:
		c.say("There are no shards yet.")
	case n == 0 && len(args) == 0:
		c.say("Every shard is ready.")
	case n == 0:
		c.say("No shard.")
	case n > shardsMost:
		c.say(fmt.Sprintf("And %d more.", n-shardsMost))
	}
}

func (c *console) shardText(s *ops.Shard) string {
	text := fmt.Sprintf("Shard %d: %s for %s, %s, %s events a second", s.ID, s.State, frame.Duration(c.snap.At.Sub(s.Since)), frame.Plural(s.Guilds, "guild"), frame.Rate(s.Rate))
	if s.State.Up() && s.Latency > 0 {
		text += ", latency " + frame.Duration(s.Latency)
	}
	if s.Fault != "" {
		text += ": " + frame.Clean(s.Fault)
	} else if s.LastClose.Meaning != "" {
		text += ", last connection ended: " + frame.Clean(s.LastClose.Meaning)
	}
	return strings.TrimRight(text, ".") + "."
}

// shardOf is the shard that is named, if one is.
func (c *console) shardOf(args []string) *ops.Shard {
	first, last := 0, -1
	if n := len(c.snap.Shards); n > 0 {
		first, last = c.snap.Shards[0].ID, c.snap.Shards[n-1].ID
	}
	if len(args) == 1 {
		if id, err := strconv.Atoi(args[0]); err == nil && id >= first && id <= last {
			return &c.snap.Shards[id-first]
		}
	}
	c.say(fmt.Sprintf("Expected the id of a shard, %d to %d.", first, last))
	return nil
}

func (c *console) shard(_ context.Context, args []string) {
	if s := c.shardOf(args); s != nil {
		c.say(c.shardText(s))
	}
}

func (c *console) sinks(context.Context, []string) {
	for i := range c.snap.Sinks {
		k := &c.snap.Sinks[i]
		text := fmt.Sprintf("Sink %s: %s, %s events queued, %s delivered a second", frame.Clean(k.Name), k.State, frame.Grouped(int64(k.Depth)), frame.Rate(k.Rate))
		if k.LastError != "" {
			text += ", last error: " + frame.Clean(k.LastError)
		}
		c.say(strings.TrimRight(text, ".") + ".")
	}
}

func (c *console) where(ctx context.Context, args []string) {
	guild := uint64(0)
	if len(args) == 1 {
		guild, _ = strconv.ParseUint(args[0], 10, 64)
	}
	if guild == 0 {
		c.say("Expected the id of a guild: its number, as Discord shows it in developer mode.")
		return
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	p, err := c.Operator.Where(ctx, guild, 0)
	if err != nil {
		c.say("Not known: " + frame.Clean(err.Error()) + ".")
		return
	}
	c.say(fmt.Sprintf("Guild %d is on shard %d of %d, %s.", p.Guild, p.Shard, p.Shards, p.State))
}

// actionsMost is how many actions are read out.
const actionsMost = 10

func (c *console) actions(context.Context, []string) {
	all := c.snap.Actions[:min(len(c.snap.Actions), actionsMost)]
	if len(all) == 0 {
		c.say("Nothing has been done yet.")
	}
	c.say(actionChanges(nil, all)...)
}

func (c *console) restart(ctx context.Context, args []string) {
	s := c.shardOf(args)
	if s == nil {
		return
	}
	id := s.ID
	c.ask(fmt.Sprintf("Shard %d reconnects and resumes its session; no identify is spent, no event lost.", id), "yes", func(ctx context.Context) {
		c.do(ctx, ops.Command{Kind: ops.CommandRestart, Shards: []int{id}})
	})
}

func (c *console) sink(_ context.Context, args []string, kind ops.CommandKind, what string) {
	var names []string
	for i := range c.snap.Sinks {
		names = append(names, frame.Clean(c.snap.Sinks[i].Name))
	}
	if len(args) != 1 || !slices.Contains(names, args[0]) {
		c.say("Expected the name of a sink: " + strings.Join(names, ", ") + ".")
		return
	}
	text := "Deliveries to " + args[0] + " are held, and its events queue up."
	if kind == ops.CommandResumeSink {
		text = "Deliveries to " + args[0] + " go on."
	}
	c.ask(text, "yes", func(ctx context.Context) { c.do(ctx, ops.Command{Kind: kind, Sink: args[0]}) })
}

func (c *console) reshard(ctx context.Context, args []string) {
	total := 0
	if len(args) == 1 && len(args[0]) <= 6 {
		total, _ = strconv.Atoi(args[0])
	}
	if total < 1 {
		c.say("Expected a number of shards, 1 to 999999.")
		return
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	plan, err := c.Operator.Plan(ctx, ops.Target{Total: total})
	if err != nil {
		c.say("Not planned: " + frame.Clean(err.Error()) + ".")
		return
	}
	for _, why := range plan.Refusals {
		c.say("It cannot begin: " + frame.Clean(why) + ".")
	}
	if len(plan.Refusals) > 0 {
		return
	}
	for _, w := range plan.Warnings {
		c.say("Warning: " + frame.Clean(w) + ".")
	}
	left := "of which Discord has not told how many are left"
	if plan.Known {
		left = fmt.Sprintf("of the %d that are left", plan.Remaining)
	}
	c.ask(fmt.Sprintf("From %d to %d shards costs %s, %s, and takes about %s; the bot notices nothing.", plan.From, plan.To,
		frame.Plural(plan.Identifies, "session start"), left, frame.Duration(plan.ETA)), strconv.Itoa(plan.To), func(ctx context.Context) {
		c.do(ctx, ops.Command{Kind: ops.CommandReshard, Target: ops.Target{Total: total}})
	})
}

func (c *console) drain(context.Context, []string) {
	c.ask(fmt.Sprintf("All shards are closed so that they can be resumed, %s events are delivered, and Gatehouse exits.", frame.Grouped(int64(c.snap.Traffic.Depth))), "drain",
		func(ctx context.Context) { c.do(ctx, ops.Command{Kind: ops.CommandDrain}) })
}

// quit leaves, with a question where that stops the engine.
func (c *console) quit(context.Context, []string) {
	if c.Attached {
		c.over = true
		return
	}
	text := "The engine stops: every shard closes"
	if c.snap != nil && c.snap.KeepsSessions {
		text += ", and the next start resumes their sessions"
	}
	if c.CanDetach {
		text += ". detach leaves it running"
	}
	c.ask(text+".", "stop", func(context.Context) { c.over = true })
}

// detach leaves the engine running.
func (c *console) detach(context.Context, []string) {
	if !c.Attached && !c.CanDetach {
		c.say("Not possible here: the engine runs no longer than this console.")
		return
	}
	c.over = true
	if !c.Attached {
		c.ended = ErrDetached
	}
}
