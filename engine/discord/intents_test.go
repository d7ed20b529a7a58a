package discord

import (
	"encoding/json"
	"math"
	"math/bits"
	"slices"
	"strings"
	"testing"
)

func TestIntentSetsAddUp(t *testing.T) {
	var all Intents
	for _, known := range intentNames {
		if bits.OnesCount64(uint64(known.bits)) != 1 || all.Has(known.bits) {
			t.Errorf("%s is not one bit of its own", known.name)
		}
		all |= known.bits
	}
	if all != IntentsAll || len(intentNames) != 21 || IntentsNonPrivileged != 53575421 {
		t.Fatalf("%d intents, all %d, not privileged %d", len(intentNames), all, IntentsNonPrivileged)
	}
}

// One row an intent, with the spellings of discord.js, twilight, discord.py,
// JDA, discordgo and eris.
func TestParseIntentsTakesEverySpelling(t *testing.T) {
	for want, spellings := range map[Intents]string{
		1 << 0:       "Guilds GUILDS guilds IntentsGuilds IntentGuilds Intents.GUILDS GatewayIntentBits.Guilds Intents::GUILDS",
		1 << 1:       "GuildMembers GUILD_MEMBERS members guildMembers IntentsGuildMembers Intents.members",
		1 << 2:       "GuildModeration GuildBans GUILD_BANS moderation bans guildBans",
		1 << 3:       "GuildExpressions GuildEmojisAndStickers GUILD_EMOJIS_AND_STICKERS expressions emojis emojis_and_stickers IntentsGuildEmojis guildEmojis",
		1 << 4:       "GuildIntegrations integrations guild-integrations",
		1 << 5:       "GuildWebhooks webhooks",
		1 << 6:       "GuildInvites GatewayIntent.GUILD_INVITES invites",
		1 << 7:       "GuildVoiceStates voice_states guildVoiceStates",
		1 << 8:       "GuildPresences presences",
		1 << 9:       "GuildMessages guild_messages",
		1 << 10:      "GuildMessageReactions guild_reactions",
		1 << 11:      "GuildMessageTyping guild_typing",
		1 << 12:      "DirectMessages dm_messages IntentDirectMessages directMessages",
		1 << 13:      "DirectMessageReactions dm_reactions",
		1 << 14:      "DirectMessageTyping dm_typing",
		1 << 15:      "MessageContent message_content MESSAGE_CONTENT",
		1 << 16:      "GuildScheduledEvents SCHEDULED_EVENTS guild_scheduled_events",
		1 << 20:      "AutoModerationConfiguration auto_moderation_configuration",
		1 << 21:      "AutoModerationExecution auto_moderation_execution",
		1 << 24:      "GuildMessagePolls guild_polls",
		1 << 25:      "DirectMessagePolls dm_polls",
		1<<9 | 1<<12: "messages", 1<<10 | 1<<13: "reactions", 1<<11 | 1<<14: "typing", 1<<24 | 1<<25: "polls", 1<<20 | 1<<21: "auto_moderation",
		53608447: "all IntentsAll 53608447 0x331ffff", 53575421: "default non-privileged IntentsAllWithoutPrivileged allNonPrivileged",
		0: "none 0", IntentsPrivileged: "privileged",
	} {
		for _, spelling := range strings.Fields(spellings) {
			if got, err := ParseIntents(spelling); err != nil || got != want {
				t.Errorf("%s: got %v, %v", spelling, got, err)
			}
		}
	}
}

func TestParseIntentsTakesEveryForm(t *testing.T) {
	for _, v := range []any{513, uint16(513), int64(513), float64(513), json.Number("513"), Intents(513), "513", "0x201",
		"Guilds, guild_messages", " GUILDS | GUILD_MESSAGES ", "[Guilds, GuildMessages]", `["Guilds","GuildMessages"]`,
		"Guild Messages,, guilds,", []string{"Guilds", "GuildMessages"}, []any{"Guilds", 512}, []any{1.0, "512"}, []int{1, 512},
		[]any{"guilds,guilds", []any{"guild messages"}}} {
		if got, err := ParseIntents(v); err != nil || got != 513 {
			t.Errorf("%#v: got %v, %v", v, got, err)
		}
	}
	if got, err := ParseIntents([]string{}); err != nil || got != 0 {
		t.Errorf("an empty list: got %v, %v", got, err)
	}
}

func TestParseIntentsSaysWhatIsWrong(t *testing.T) {
	for _, tc := range []struct {
		v    any
		want string
	}{
		{"GuildMesages", `unknown name "GuildMesages"; did you mean GuildMessages`},
		{[]any{"Guilds", "voice_stats"}, "did you mean voice_states"},
		{"xylophone", "known are Guilds, GuildMembers"},
		{1<<17 | 1<<30 | 1, "sets bits that no bot may set: 17, 30"},
		{"67108864", "67108864 sets bits that no bot may set: 26"},
		{-1, "cannot read -1"},
		{1.5, "1.5 is not a bit set"},
		{-2.0, "-2 is not a bit set"},
		{math.NaN(), "is not a bit set"},
		{nil, "none given"},
		{"", "none given"},
		{" , ", "none given"},
		{true, "cannot read true"},
		{map[string]any{"guilds": true}, "use a number or names"},
	} {
		_, err := ParseIntents(tc.v)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%#v: got %v, want %q in it", tc.v, err, tc.want)
		}
	}
}

func TestIntentsInWords(t *testing.T) {
	i := IntentGuilds | IntentMessageContent | IntentGuildMembers | 1<<40
	want := []string{"Guilds", "GuildMembers", "MessageContent", "1099511627776"}
	if got := i.Names(); !slices.Equal(got, want) {
		t.Errorf("names %v", got)
	}
	if got := i.Privileged(); got != IntentMessageContent|IntentGuildMembers {
		t.Errorf("privileged %v", got)
	}
	if !i.Has(IntentGuilds|IntentMessageContent) || i.Has(IntentGuilds|IntentGuildPresences) {
		t.Error("Has is wrong")
	}
	if got := Intents(0).String(); got != "none" {
		t.Errorf("no intents: %s", got)
	}
	for _, known := range intentNames {
		if back, err := ParseIntents(known.bits.String()); err != nil || back != known.bits {
			t.Errorf("%s does not come back: %v, %v", known.name, back, err)
		}
	}
}
