package discordtest

import (
	"embed"
	"fmt"
	"strings"
)

//go:embed templates/*.json
var templateFiles embed.FS

// slot is a place in a template that differs from event to event.
type slot uint8

const (
	slotNone slot = iota
	slotGuild
	slotChannel
	slotMessage
	slotID
	slotNonce
	slotApp
	slotUser
	slotUserName
	slotUserNick
	slotUserAvatar
	slotUser2
	slotUser2Name
	slotUser2Nick
	slotUser2Avatar
	slotRole1
	slotRole2
	slotJoined
	slotSent
	slotNow
	slotUnix
	slotUnixMS
	slotContent
	slotNumber
	slotStatus
	slotHash
	slotMembers
	slotLarge
	slotShard
	slotGuilds
	slotSession
	slotResume
	slotVersion
	slotPinned
	slotEdited
	slotEdit
	slotEmbeds
)

// slotNames is constant.
var slotNames = map[string]slot{
	"guild": slotGuild, "channel": slotChannel, "message": slotMessage, "id": slotID,
	"nonce": slotNonce, "app": slotApp,
	"user": slotUser, "username": slotUserName, "usernick": slotUserNick, "useravatar": slotUserAvatar,
	"user2": slotUser2, "user2name": slotUser2Name, "user2nick": slotUser2Nick, "user2avatar": slotUser2Avatar,
	"role1": slotRole1, "role2": slotRole2, "joined": slotJoined, "sent": slotSent, "now": slotNow,
	"unix": slotUnix, "unixms": slotUnixMS, "content": slotContent, "number": slotNumber,
	"status": slotStatus, "hash": slotHash, "members": slotMembers, "large": slotLarge,
	"shard": slotShard, "guilds": slotGuilds, "session": slotSession, "resume": slotResume,
	"version": slotVersion, "pinned": slotPinned, "edited": slotEdited, "edit": slotEdit, "embeds": slotEmbeds,
}

// piece is a slot and the fixed text before it.
type piece struct {
	text string
	slot slot
}

// template is a JSON object without its closing brace.
type template []piece

// compile cuts a template at its slots.
func compile(text string) (template, error) {
	text = strings.TrimSpace(text)
	text = strings.TrimSuffix(text, "}")
	var t template
	for {
		before, rest, found := strings.Cut(text, "{{")
		if !found {
			return append(t, piece{text: text}), nil
		}
		name, after, closed := strings.Cut(rest, "}}")
		slot, known := slotNames[name]
		if !closed || !known {
			return nil, fmt.Errorf("discordtest: unknown slot %q", name)
		}
		t = append(t, piece{before, slot})
		text = after
	}
}

// templates are the compiled files.
type templates struct {
	byKind [kindCount]template
	link   template // variants of messages
	reply  template
	app    template // by a bot, whose embeds are its own
	rich   template // PRESENCE_UPDATE variant

	guild, everyone, role, channel, member, presence, voice, preview template
}

// newTemplates compiles all of them.
func newTemplates() (*templates, error) {
	t := new(templates)
	files := map[string]*template{
		"message_link": &t.link, "message_reply": &t.reply, "message_app": &t.app, "presence_rich": &t.rich,
		"guild_head": &t.guild, "everyone": &t.everyone, "piece_role": &t.role,
		"piece_channel": &t.channel, "piece_member": &t.member, "piece_presence": &t.presence,
		"piece_voice": &t.voice, "preview": &t.preview,
		"ready": &t.byKind[kindReady], "resumed": &t.byKind[kindResumed],
		"guild_down": &t.byKind[kindGuildDown], "guild_gone": &t.byKind[kindGuildGone],
		"other": &t.byKind[kindCustom], "message_plain": &t.byKind[kindMessage],
		"message_delete": &t.byKind[kindDelete], "reaction_add": &t.byKind[kindReactionAdd],
		"reaction_remove": &t.byKind[kindReactionRemove], "typing_start": &t.byKind[kindTyping],
		"presence_plain": &t.byKind[kindPresence], "voice_state": &t.byKind[kindVoice],
		"voice_left": &t.byKind[kindVoiceLeft], "interaction_create": &t.byKind[kindInteraction],
		"member_add": &t.byKind[kindMemberAdd], "member_update": &t.byKind[kindMemberUpdate],
		"member_remove": &t.byKind[kindMemberRemove], "thread_create": &t.byKind[kindThread],
		"channel_update": &t.byKind[kindChannel], "audit_log": &t.byKind[kindAudit],
		"invite_create": &t.byKind[kindInvite], "message_direct": &t.byKind[kindDirect],
		"entitlement_create": &t.byKind[kindEntitlement], "user_update": &t.byKind[kindUser],
	}
	for name, target := range files {
		text, err := templateFiles.ReadFile("templates/" + name + ".json")
		if err != nil {
			return nil, fmt.Errorf("discordtest: %w", err)
		}
		if *target, err = compile(string(text)); err != nil {
			return nil, fmt.Errorf("%w in %s.json", err, name)
		}
	}
	return t, nil
}
