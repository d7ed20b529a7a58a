package discord

import (
	"math/bits"
	"strconv"
	"strings"
)

// Intents is the bit set of event groups that an Identify asks for (Discord
// docs, Gateway: gateway intents).
type Intents uint64

// The intents. Those marked privileged must be granted in the developer portal,
// or Discord closes with 4014.
const (
	IntentGuilds                      Intents = 1 << 0
	IntentGuildMembers                Intents = 1 << 1 // privileged
	IntentGuildModeration             Intents = 1 << 2
	IntentGuildExpressions            Intents = 1 << 3
	IntentGuildIntegrations           Intents = 1 << 4
	IntentGuildWebhooks               Intents = 1 << 5
	IntentGuildInvites                Intents = 1 << 6
	IntentGuildVoiceStates            Intents = 1 << 7
	IntentGuildPresences              Intents = 1 << 8 // privileged
	IntentGuildMessages               Intents = 1 << 9
	IntentGuildMessageReactions       Intents = 1 << 10
	IntentGuildMessageTyping          Intents = 1 << 11
	IntentDirectMessages              Intents = 1 << 12
	IntentDirectMessageReactions      Intents = 1 << 13
	IntentDirectMessageTyping         Intents = 1 << 14
	IntentMessageContent              Intents = 1 << 15 // privileged; fills fields of messages, brings no events
	IntentGuildScheduledEvents        Intents = 1 << 16
	IntentAutoModerationConfiguration Intents = 1 << 20
	IntentAutoModerationExecution     Intents = 1 << 21
	IntentGuildMessagePolls           Intents = 1 << 24
	IntentDirectMessagePolls          Intents = 1 << 25
)

// Sets of intents.
const (
	IntentsAll           Intents = 53608447
	IntentsPrivileged            = IntentGuildMembers | IntentGuildPresences | IntentMessageContent
	IntentsNonPrivileged         = IntentsAll &^ IntentsPrivileged
)

// intentName is one way to spell some intents.
type intentName struct {
	name string
	bits Intents
}

// intentNames are the names of the single intents, by bit, as [Intents.Names]
// gives them.
var intentNames = [...]intentName{
	{"Guilds", IntentGuilds},
	{"GuildMembers", IntentGuildMembers},
	{"GuildModeration", IntentGuildModeration},
	{"GuildExpressions", IntentGuildExpressions},
	{"GuildIntegrations", IntentGuildIntegrations},
	{"GuildWebhooks", IntentGuildWebhooks},
	{"GuildInvites", IntentGuildInvites},
	{"GuildVoiceStates", IntentGuildVoiceStates},
	{"GuildPresences", IntentGuildPresences},
	{"GuildMessages", IntentGuildMessages},
	{"GuildMessageReactions", IntentGuildMessageReactions},
	{"GuildMessageTyping", IntentGuildMessageTyping},
	{"DirectMessages", IntentDirectMessages},
	{"DirectMessageReactions", IntentDirectMessageReactions},
	{"DirectMessageTyping", IntentDirectMessageTyping},
	{"MessageContent", IntentMessageContent},
	{"GuildScheduledEvents", IntentGuildScheduledEvents},
	{"AutoModerationConfiguration", IntentAutoModerationConfiguration},
	{"AutoModerationExecution", IntentAutoModerationExecution},
	{"GuildMessagePolls", IntentGuildMessagePolls},
	{"DirectMessagePolls", IntentDirectMessagePolls},
}

// intentAliases are further spellings: of the libraries, past and present, and
// for several intents at once. Case, "_", "-" and spaces do not matter.
var intentAliases = [...]intentName{
	{"members", IntentGuildMembers},
	{"moderation", IntentGuildModeration},
	{"bans", IntentGuildModeration},
	{"guild_bans", IntentGuildModeration},
	{"expressions", IntentGuildExpressions},
	{"emojis", IntentGuildExpressions},
	{"emojis_and_stickers", IntentGuildExpressions},
	{"guild_emojis", IntentGuildExpressions},
	{"guild_emojis_and_stickers", IntentGuildExpressions},
	{"integrations", IntentGuildIntegrations},
	{"webhooks", IntentGuildWebhooks},
	{"invites", IntentGuildInvites},
	{"voice_states", IntentGuildVoiceStates},
	{"presences", IntentGuildPresences},
	{"dm_messages", IntentDirectMessages},
	{"guild_reactions", IntentGuildMessageReactions},
	{"dm_reactions", IntentDirectMessageReactions},
	{"guild_typing", IntentGuildMessageTyping},
	{"dm_typing", IntentDirectMessageTyping},
	{"scheduled_events", IntentGuildScheduledEvents},
	{"guild_polls", IntentGuildMessagePolls},
	{"dm_polls", IntentDirectMessagePolls},

	{"messages", IntentGuildMessages | IntentDirectMessages},
	{"reactions", IntentGuildMessageReactions | IntentDirectMessageReactions},
	{"typing", IntentGuildMessageTyping | IntentDirectMessageTyping},
	{"polls", IntentGuildMessagePolls | IntentDirectMessagePolls},
	{"auto_moderation", IntentAutoModerationConfiguration | IntentAutoModerationExecution},
	{"all", IntentsAll},
	{"privileged", IntentsPrivileged},
	{"default", IntentsNonPrivileged},
	{"non_privileged", IntentsNonPrivileged},
	{"unprivileged", IntentsNonPrivileged},
	{"all_non_privileged", IntentsNonPrivileged},
	{"all_without_privileged", IntentsNonPrivileged},
	{"none", 0},
}

// Has reports whether every intent of other is in i.
func (i Intents) Has(other Intents) bool { return i&other == other }

// Privileged is the part of i that must be granted in the developer portal.
func (i Intents) Privileged() Intents { return i & IntentsPrivileged }

// Names lists the intents in i by bit, in the spelling of the configuration's
// default. A bit without a name is given as its value.
func (i Intents) Names() []string {
	var names []string
	for _, known := range intentNames {
		if i&known.bits != 0 {
			names = append(names, known.name)
		}
	}
	for rest := i &^ IntentsAll; rest != 0; rest &= rest - 1 {
		names = append(names, strconv.FormatUint(uint64(rest&-rest), 10))
	}
	return names
}

// String is the names of the intents, with commas, or "none".
func (i Intents) String() string {
	if i == 0 {
		return "none"
	}
	return strings.Join(i.Names(), ", ")
}

// bitNumbers spells the positions of the bits in i.
func (i Intents) bitNumbers() string {
	var numbers []string
	for ; i != 0; i &= i - 1 {
		numbers = append(numbers, strconv.Itoa(bits.TrailingZeros64(uint64(i))))
	}
	return strings.Join(numbers, ", ")
}
