package main

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
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
	cmd.Flags().StringVar(&o.status, "status", "", strings.Join(discord.PresenceStatuses(), ", ")+"; online by default")
	cmd.Flags().StringVar(&o.activity, "activity", "", "`text` such as \"Watching {{guilds}} guilds\"")
	// It fails only for a flag that is not there.
	_ = cmd.RegisterFlagCompletionFunc("status", cobra.FixedCompletions(discord.PresenceStatuses(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

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
	case o.status != "" && !slices.Contains(discord.PresenceStatuses(), o.status):
		return nil, usagef("--status: %q is not known; allowed: %s", o.status, strings.Join(discord.PresenceStatuses(), ", "))
	}
	activities, err := activitiesOf(o.activity)
	if err != nil {
		return nil, err
	}
	if o.status == "" {
		o.status = "online"
	}
	return (&discord.Presence{Status: o.status, Activities: activities}).JSON()
}

// activitiesOf turns what members see into what Discord wants (Discord docs, Gateway
// events: activity types).
func activitiesOf(text string) ([]discord.Activity, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return []discord.Activity{}, nil
	}
	first, _, _ := strings.Cut(text, " ")
	if strings.EqualFold(first, "streaming") {
		return nil, usagef(`--activity: Streaming needs a URL; give JSON such as {"activities":[{"type":1,"name":"chess","url":"https://twitch.tv/…"}]}`)
	}
	for _, kind := range []struct {
		words string
		id    int
	}{
		{"playing ", discord.ActivityPlaying}, {"listening to ", discord.ActivityListening},
		{"watching ", discord.ActivityWatching}, {"competing in ", discord.ActivityCompeting},
	} {
		if len(text) > len(kind.words) && strings.EqualFold(text[:len(kind.words)], kind.words) {
			return []discord.Activity{{Name: strings.TrimSpace(text[len(kind.words):]), Type: kind.id}}, nil
		}
	}
	return []discord.Activity{{Name: discord.CustomStatus, Type: discord.ActivityCustom, State: text}}, nil
}
