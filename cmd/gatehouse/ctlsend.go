package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// sendable is a gateway command that a bot may send.
type sendable struct {
	op       int
	name     string
	what     string
	example  string
	answered bool // Discord answers with dispatches
}

// sendables lists them, by opcode (Discord docs, Gateway events: send events).
func sendables() []sendable {
	return []sendable{
		{3, "presence", "status and activities", `{"status":"idle"}`, false},
		{4, "voice", "join, move or leave a voice channel", `{"guild_id":"41771983423143937","channel_id":null}`, false},
		{8, "members", "members of a guild", `{"guild_id":"41771983423143937","query":"","limit":0}`, true},
		{31, "soundboard", "soundboard sounds of guilds", `{"guild_ids":["41771983423143937"]}`, true},
		{43, "channel-info", "status of a guild's voice channels", `{"guild_id":"41771983423143937","fields":["status"]}`, true},
	}
}

// sendOptions are the flags of send and presence.
type sendOptions struct {
	shards  string
	answers bool
	timeout time.Duration
}

// How long a command is waited for.
const (
	sendTimeout = 30 * time.Second
	sendLongest = 5 * time.Minute
)

func (c *ctl) sendCommand() *cobra.Command {
	o := sendOptions{timeout: sendTimeout}
	var long strings.Builder
	for _, s := range sendables() {
		fmt.Fprintf(&long, "  %-12s  %2d  %s\n", s.name, s.op, s.what)
	}
	cmd := &cobra.Command{
		Use:   "send OP {JSON | - | @FILE}",
		Short: "Send Discord one gateway command: presence, voice, members, soundboard, channel-info",
		Long: `Has a running Gatehouse send Discord one gateway command: by the shard of the
guild that it names, or, a presence, by all shards or those of --shards. OP is a
name or a number:

` + long.String() + `
The data is what Discord calls d, as JSON, from stdin (-) or from a file. It waits
its turn behind what Discord allows: 120 frames a minute for each shard.`,
		Example: `  gatehouse ctl send presence '{"status":"dnd"}' --shards 0-7,12
  gatehouse ctl send members '{"guild_id":"41771983423143937","query":"","limit":0}' --answers
  jq -c .voice bot.json | gatehouse ctl send voice -`,
		Args:              sendArguments,
		ValidArgsFunction: completeSend,
		RunE: func(cmd *cobra.Command, args []string) error {
			what, data, err := c.readSend(args)
			if err != nil {
				return err
			}
			return c.send(cmd.Context(), what, data, &o)
		},
	}
	c.addSendFlags(cmd, &o)
	cmd.Flags().BoolVar(&o.answers, "answers", false, "wait for Discord's answers and print each as a line of JSON: members, soundboard, channel-info")
	return cmd
}

func (c *ctl) addSendFlags(cmd *cobra.Command, o *sendOptions) {
	cmd.Flags().StringVar(&o.shards, "shards", "", "`ids` of the shards that a presence is for, such as 0-7,12; all by default")
	cmd.Flags().DurationVar(&o.timeout, "timeout", o.timeout, "wait so long, up to 5m, for its turn and for answers")
	offer := c.completeShards(nil, 0)
	_ = cmd.RegisterFlagCompletionFunc("shards", offer) // fails only for a flag that is not there
}

func sendArguments(cmd *cobra.Command, args []string) error {
	switch len(args) {
	case 0:
		return usagef("%s needs a command: %s", cmd.CommandPath(), sendNames())
	case 1:
		what, err := findSendable(args[0])
		if err != nil {
			return err
		}
		return usagef("%s %s needs its data: JSON such as %s, - for stdin, or @FILE", cmd.CommandPath(), args[0], what.example)
	case 2:
		return nil
	}
	return usagef("%s takes a command and its data, not %q as well; put the JSON in quotes", cmd.CommandPath(), args[2])
}

func sendNames() string {
	var names []string
	for _, s := range sendables() {
		names = append(names, fmt.Sprintf("%s (%d)", s.name, s.op))
	}
	return strings.Join(names, ", ")
}

// findSendable is the command of a name or a number.
func findSendable(text string) (sendable, error) {
	all := sendables()
	i := slices.IndexFunc(all, func(s sendable) bool {
		return strings.EqualFold(text, s.name) || text == strconv.Itoa(s.op)
	})
	if i < 0 {
		return sendable{}, usagef("%q is not a command that can be sent; allowed: %s", text, sendNames())
	}
	return all[i], nil
}

// readSend reads the two arguments of send.
func (c *ctl) readSend(args []string) (what sendable, data json.RawMessage, err error) {
	if what, err = findSendable(args[0]); err == nil {
		data, err = c.readData(args[1], what.example)
	}
	return what, data, err
}

// mostData bounds what is read. Discord takes no more than 4096 bytes, and Gatehouse
// says so; this is for a file that was not meant.
const mostData = 32 << 10

// readData reads d as it was given: as JSON, as - or as @FILE.
func (c *ctl) readData(argument, example string) (json.RawMessage, error) {
	data, from := []byte(argument), "the data"
	var err error
	if path, isFile := strings.CutPrefix(argument, "@"); isFile {
		from = c.absolute(path)
		data, err = readFile(from)
	} else if argument == "-" {
		from = "stdin"
		data, err = io.ReadAll(io.LimitReader(c.stdin, mostData+1))
	}
	switch {
	case err != nil:
		return nil, usagef("%s cannot be read: %s; check the path and its permissions", from, reason(err))
	case len(data) > mostData:
		return nil, usagef("%s has more than %d bytes; Discord takes up to %d", from, mostData, discord.MaxSendBytes)
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(data, &object); err != nil || object == nil {
		return nil, usagef("%s is not a JSON object; write one such as %s", from, example)
	}
	return bytes.TrimSpace(data), nil
}

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, mostData+1))
}

// reason is an error of the file system without operation and path.
func reason(err error) string {
	if bad := (*os.PathError)(nil); errors.As(err, &bad) {
		err = bad.Err
	}
	return oneLine(err)
}

// request makes the command out of data and flags.
func (o *sendOptions) request(what sendable, data json.RawMessage) (ops.Send, error) {
	s := ops.Send{Op: what.op, Data: data, Answers: o.answers}
	switch {
	case o.answers && !what.answered:
		return s, usagef("--answers: Discord does not answer %s; remove it", what.name)
	case o.shards != "" && what.op != int(discord.OpPresenceUpdate):
		return s, usagef("--shards: %s finds its shard by the guild that it names; remove it", what.name)
	case o.timeout <= 0 || o.timeout > sendLongest:
		return s, usagef("--timeout: %s is out of range; allowed: up to %s", o.timeout, span(sendLongest))
	}
	if o.shards != "" {
		ids, err := parseShards([]string{o.shards})
		if err != nil {
			return s, usagef("--shards: %w", err)
		}
		s.Shards = ids
	}
	if _, err := discord.ParseCommand(discord.Opcode(what.op), data); err != nil {
		return s, &exitError{exitUsage, err}
	}
	return s, nil
}

// send has a command sent and says what came of it.
func (c *ctl) send(ctx context.Context, what sendable, data json.RawMessage, o *sendOptions) error {
	request, err := o.request(what, data)
	if err != nil {
		return err
	}
	client, err := c.connect(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	request.By = c.by()
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	got, err := client.Send(ctx, request)
	if unsent := (*ops.SendError)(nil); errors.As(err, &unsent) && c.output == "json" {
		err = errors.Join(c.printJSON(unsent), err)
	}
	if err != nil {
		return sendFailure(err, o.timeout)
	}
	if c.output == "json" {
		return c.printJSON(got)
	}
	text := what.name + ": sent by " + shardsText(got.Shards)
	if !o.answers {
		_, err := fmt.Fprintln(c.stdout, text)
		return err
	}
	fmt.Fprintf(c.stderr, "%s, %s\n", text, counted(len(got.Answers), "answer"))
	return printAnswers(c.stdout, got.Answers)
}

// sendFailure words what kept a command from being sent.
func sendFailure(err error, timeout time.Duration) error {
	bad := (*ops.SendError)(nil)
	switch {
	case errors.As(err, &bad):
		text := bad.Error()
		if len(bad.Sent) > 0 {
			text += "; " + shardsText(bad.Sent) + " sent it all the same"
		}
		if !bad.RetryAt.IsZero() {
			text += "; it can be tried again at " + bad.RetryAt.UTC().Format(time.TimeOnly) + " UTC"
		}
		return errors.New(clean(text))
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("not done within %s; what was sent by then stays sent; --timeout waits longer", span(timeout))
	}
	return err
}

// printAnswers prints each answer on a line.
func printAnswers(w io.Writer, answers []json.RawMessage) error {
	var out bytes.Buffer
	for _, a := range answers {
		out.Write(harmless(a))
		out.WriteByte('\n')
	}
	_, err := w.Write(out.Bytes())
	return err
}

// harmless is JSON that means the same and cannot move a cursor: what could stands
// in strings, where an escape means the same.
func harmless(text json.RawMessage) []byte {
	isHarm := func(r rune) bool {
		return r >= 0x7f && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029')
	}
	if !bytes.ContainsFunc(text, isHarm) {
		return text
	}
	var out []byte
	for _, r := range string(text) {
		if isHarm(r) {
			out = fmt.Appendf(out, `\u%04x`, r)
		} else {
			out = append(out, string(r)...)
		}
	}
	return out
}

// shardsText names shards, in ranges: "shard 3", or "shards 0-7,12".
func shardsText(ids []int) string {
	if len(ids) == 0 {
		return "no shard"
	}
	if len(ids) == 1 {
		return "shard " + strconv.Itoa(ids[0])
	}
	var parts []string
	for i := 0; i < len(ids); {
		last := i
		for last+1 < len(ids) && ids[last+1] == ids[last]+1 {
			last++
		}
		part := strconv.Itoa(ids[i])
		if last > i {
			part += "-" + strconv.Itoa(ids[last])
		}
		parts = append(parts, part)
		i = last + 1
	}
	return "shards " + strings.Join(parts, ",")
}
