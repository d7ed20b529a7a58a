package main

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// presenceOptions are the flags of presence beside those of send.
type presenceOptions struct {
	sendOptions
	status   string
	activity string
}

func (c *ctl) presenceCommand() *cobra.Command {
	o := presenceOptions{sendOptions: sendOptions{timeout: sendTimeout}}
	cmd := &cobra.Command{
		Use:   "presence {JSON | - | @FILE | --status STATUS --activity TEXT}",
		Short: "Change what the bot shows as its status, without an identify",
		Long: `Changes the presence of all shards, or of those of --shards, and what they
identify with from then on. In its strings {{shard}}, {{shards}} and {{guilds}}
stand for the figures of each shard. It lasts until Gatehouse ends; discord.presence
in the configuration says what the next start begins with.

An activity begins with Playing, Watching, "Listening to" or "Competing in";
anything else is a custom status. Without one, activities are taken away.`,
		Example: `  gatehouse ctl presence --status idle --activity "Watching {{guilds}} guilds"
  gatehouse ctl presence --status dnd --activity "Back in ten minutes" --shards 0-7
  gatehouse ctl presence '{"status":"online","activities":[{"name":"chess","type":5}]}'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			data, err := c.readPresence(args, &o)
			if err != nil {
				return err
			}
			return c.send(cmd.Context(), sendables()[0], data, &o.sendOptions)
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	c.addSendFlags(cmd, &o.sendOptions)
	cmd.Flags().StringVar(&o.status, "status", "", strings.Join(statuses(), ", ")+"; online by default")
	cmd.Flags().StringVar(&o.activity, "activity", "", "`text` such as \"Watching {{guilds}} guilds\"")
	// It fails only for a flag that is not there.
	_ = cmd.RegisterFlagCompletionFunc("status", cobra.FixedCompletions(statuses(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// statuses are those of a presence (Discord docs, Gateway events: status types).
func statuses() []string { return []string{"online", "idle", "dnd", "invisible", "offline"} }

// readPresence reads a presence from an argument or from flags.
func (c *ctl) readPresence(args []string, o *presenceOptions) (json.RawMessage, error) {
	flags := o.status != "" || o.activity != ""
	switch {
	case len(args) > 1:
		return nil, usagef("gatehouse ctl presence takes one argument, not %q as well; put the JSON in quotes", args[1])
	case len(args) == 1 && flags:
		return nil, usagef("JSON does not go together with --status and --activity; use one of them")
	case len(args) == 1:
		return c.readData(args[0], sendables()[0].example)
	case !flags:
		return nil, usagef(`gatehouse ctl presence needs --status, --activity, or JSON such as {"status":"idle"}`)
	case o.status != "" && !slices.Contains(statuses(), o.status):
		return nil, usagef("--status: %q is not known; allowed: %s", o.status, strings.Join(statuses(), ", "))
	}
	activities, err := activitiesOf(o.activity)
	if err != nil {
		return nil, err
	}
	if o.status == "" {
		o.status = "online"
	}
	return presenceJSON(presence{Status: o.status, Activities: activities})
}

// presence is d of op 3.
type presence struct {
	Since      *int64     `json:"since"`
	Activities []activity `json:"activities"`
	Status     string     `json:"status"`
	AFK        bool       `json:"afk"`
}

type activity struct {
	Name  string `json:"name"`
	Type  int    `json:"type"`
	State string `json:"state,omitempty"`
}

// customStatus is the name that Discord expects of an activity that is a status in
// the bot's own words.
const customStatus = "Custom Status"

// activitiesOf turns what members see into what Discord wants (Discord docs, Gateway
// events: activity types).
func activitiesOf(text string) ([]activity, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return []activity{}, nil
	}
	first, _, _ := strings.Cut(text, " ")
	if strings.EqualFold(first, "streaming") {
		return nil, usagef(`--activity: Streaming needs a URL; give JSON such as {"activities":[{"type":1,"name":"chess","url":"https://twitch.tv/…"}]}`)
	}
	for _, kind := range []struct {
		words string
		id    int
	}{{"playing ", 0}, {"listening to ", 2}, {"watching ", 3}, {"competing in ", 5}} {
		if len(text) > len(kind.words) && strings.EqualFold(text[:len(kind.words)], kind.words) {
			return []activity{{Name: strings.TrimSpace(text[len(kind.words):]), Type: kind.id}}, nil
		}
	}
	return []activity{{Name: customStatus, Type: 4, State: text}}, nil
}

// presenceJSON is a presence as JSON, without escapes that would make it longer.
func presenceJSON(p presence) (json.RawMessage, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(p)
	return bytes.TrimSpace(out.Bytes()), err
}
