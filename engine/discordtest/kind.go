package discordtest

import (
	"fmt"
	"strings"
)

// kind is what an event is about; several kinds can share a dispatch type.
type kind uint8

// The kinds of dispatches. Those before kindMessage are not part of a mix.
const (
	kindReady kind = iota
	kindResumed
	kindGuildCreate    // backfill after READY
	kindGuildAvailable // back after an outage
	kindGuildJoin
	kindGuildDown
	kindGuildGone
	kindCustom // injected with a body of its own
	kindAnswer // to op 8, likewise
	kindReply  // to op 4, 31 or 43, likewise: it must come, to whoever asked
	kindBare   // likewise, and without its number
	kindOdd    // as no documentation knows it, likewise
	kindHuge

	kindMessage
	kindUnfurl
	kindEdit
	kindPin
	kindDelete
	kindReactionAdd
	kindReactionRemove
	kindTyping
	kindPresence
	kindVoice
	kindVoiceLeft
	kindInteraction
	kindMemberAdd
	kindMemberUpdate
	kindMemberRemove
	kindThread
	kindChannel
	kindAudit
	kindInvite

	// Those from here on are of no guild, and in no mix by default.
	kindDirect
	kindEntitlement
	kindUser

	kindCount
)

// kindInfo is what is known about a kind.
type kindInfo struct {
	name   string  // dispatch type, with a suffix where several kinds share one
	intent uint64  // that lets it through; 0 for always
	weight float64 // in the default mix
}

// kindTable is constant.
var kindTable = [kindCount]kindInfo{
	kindReady:          {name: "READY"},
	kindResumed:        {name: "RESUMED"},
	kindGuildCreate:    {name: "GUILD_CREATE", intent: intentGuilds},
	kindGuildAvailable: {name: "GUILD_CREATE/available", intent: intentGuilds},
	kindGuildJoin:      {name: "GUILD_CREATE/joined", intent: intentGuilds},
	kindGuildDown:      {name: "GUILD_DELETE/unavailable", intent: intentGuilds},
	kindGuildGone:      {name: "GUILD_DELETE", intent: intentGuilds},
	kindCustom:         {name: "CUSTOM"},
	kindAnswer:         {name: "ANSWER"},
	kindReply:          {name: "REPLY"},
	kindBare:           {name: "BARE"},
	kindOdd:            {name: "ODD"},
	kindHuge:           {name: "GUILD_EMOJIS_UPDATE", intent: intentExpressions},

	kindMessage:        {name: "MESSAGE_CREATE", intent: intentMessages, weight: 18},
	kindUnfurl:         {name: "MESSAGE_UPDATE/unfurl", intent: intentMessages, weight: 3},
	kindEdit:           {name: "MESSAGE_UPDATE", intent: intentMessages, weight: 1.5},
	kindPin:            {name: "MESSAGE_UPDATE/pinned", intent: intentMessages, weight: 0.2},
	kindDelete:         {name: "MESSAGE_DELETE", intent: intentMessages, weight: 1},
	kindReactionAdd:    {name: "MESSAGE_REACTION_ADD", intent: intentReactions, weight: 6},
	kindReactionRemove: {name: "MESSAGE_REACTION_REMOVE", intent: intentReactions, weight: 1},
	kindTyping:         {name: "TYPING_START", intent: intentTyping, weight: 10},
	kindPresence:       {name: "PRESENCE_UPDATE", intent: intentPresences, weight: 45},
	kindVoice:          {name: "VOICE_STATE_UPDATE", intent: intentVoice, weight: 3.5},
	kindVoiceLeft:      {name: "VOICE_STATE_UPDATE/left", intent: intentVoice, weight: 1.5},
	kindInteraction:    {name: "INTERACTION_CREATE", weight: 1.5},
	kindMemberAdd:      {name: "GUILD_MEMBER_ADD", intent: intentMembers, weight: 1.2},
	kindMemberUpdate:   {name: "GUILD_MEMBER_UPDATE", intent: intentMembers, weight: 3},
	kindMemberRemove:   {name: "GUILD_MEMBER_REMOVE", intent: intentMembers, weight: 1},
	kindThread:         {name: "THREAD_CREATE", intent: intentGuilds, weight: 0.2},
	kindChannel:        {name: "CHANNEL_UPDATE", intent: intentGuilds, weight: 0.2},
	kindAudit:          {name: "GUILD_AUDIT_LOG_ENTRY_CREATE", intent: intentModeration, weight: 0.6},
	kindInvite:         {name: "INVITE_CREATE", intent: intentInvites, weight: 0.2},

	kindDirect:      {name: "MESSAGE_CREATE/direct", intent: intentDirect},
	kindEntitlement: {name: "ENTITLEMENT_CREATE"},
	kindUser:        {name: "USER_UPDATE"},
}

// String is the kind's name.
func (k kind) String() string { return kindTable[k].name }

// dispatch is the type that stands in `t`.
func (k kind) dispatch() string {
	name, _, _ := strings.Cut(kindTable[k].name, "/")
	return name
}

// bodied reports whether events of the kind have a body, and a type, of their own.
func (k kind) bodied() bool {
	return k == kindCustom || k == kindAnswer || k == kindReply || k == kindBare || k == kindOdd
}

// guildless reports whether events of the kind are of no guild.
func (k kind) guildless() bool { return k >= kindDirect && k < kindCount }

// Kinds lists the names of what can be issued. A name is a dispatch type, with a
// suffix where one type stands for several things: "MESSAGE_UPDATE/unfurl" is
// a link that Discord resolved, "MESSAGE_UPDATE" an edit by a person or, of its own
// message, by a bot, "MESSAGE_UPDATE/pinned" a message that is pinned, or no longer.
func Kinds() []string {
	names := make([]string, 0, kindCount)
	for k := kindGuildCreate; k < kindCount; k++ {
		if !k.bodied() {
			names = append(names, k.String())
		}
	}
	return names
}

// DefaultMix is about what a large bot with all intents sees: nearly half of it
// presences, a fifth messages. The weights add up to about 100.
func DefaultMix() map[string]float64 {
	mix := make(map[string]float64, kindCount)
	for k := kindMessage; k < kindCount; k++ {
		mix[k.String()] = kindTable[k].weight
	}
	return mix
}

// kindNamed finds a kind.
func kindNamed(name string) (kind, bool) {
	for k := kindGuildCreate; k < kindCount; k++ {
		if !k.bodied() && k.String() == name {
			return k, true
		}
	}
	return 0, false
}

// checkNames finds names that are no kinds.
func checkNames(where string, names []string) error {
	for _, name := range names {
		if _, ok := kindNamed(name); !ok {
			return fmt.Errorf("discordtest: %s: %q is not issued; known are %s", where, name, strings.Join(Kinds(), ", "))
		}
	}
	return nil
}
