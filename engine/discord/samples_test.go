package discord

import (
	"fmt"
	"strings"
)

// The samples have the shape and the key order of what Discord sends; names and
// ids are invented.

const sampleReaction = `{"t":"MESSAGE_REACTION_REMOVE","s":8812,"op":0,"d":{"user_id":"310848622642069504","type":0,` +
	`"message_id":"1331004921377095751","emoji":{"name":"🦆","id":null},"channel_id":"1290331204774989851","burst":false,` +
	`"guild_id":"1290331204774989846","member_hint":null,"note":"a frame of about three hundred bytes"}}`

const sampleMessage = `{"t":"MESSAGE_CREATE","s":8813,"op":0,"d":{"type":0,"tts":false,"timestamp":"2026-11-20T09:12:44.871000+00:00",` +
	`"pinned":false,"nonce":"1331004930000000000","mentions":[],"mention_roles":[],"mention_everyone":false,` +
	`"message_reference":{"type":0,"message_id":"1331004921377095751","guild_id":"1111111111111111111","channel_id":"1290331204774989851"},` +
	`"member":{"roles":["1290335554335678464","1290335588770918420"],"premium_since":null,"nick":"Marit \u2693 \"the reef\"","mute":false,` +
	`"joined_at":"2024-03-03T02:18:40.339000+00:00","flags":0,"deaf":false,"communication_disabled_until":null,"collectibles":null,` +
	`"banner":null,"avatar_decoration_data":null,"avatar":"4bd9dfd7366fb8f1c422d31d6f2f9a01"},"id":"1331004932114612305","flags":0,` +
	`"embeds":[],"edited_timestamp":null,"content":"Low water is at 06:40, so the ladder is dry until about nine.\nBring boots, ropes and the blue crate.",` +
	`"components":[],"channel_type":0,"channel_id":"1290331204774989851","author":{"username":"marit.k","public_flags":256,` +
	`"primary_guild":{"tag":"REEF","identity_guild_id":"2222222222222222222","identity_enabled":true,"badge":"9f"},"id":"310848622642069504",` +
	`"global_name":"Marit","discriminator":"0","display_name_styles":null,"collectibles":null,"avatar_decoration_data":null,` +
	`"avatar":"9f1c0dd7366fb8f1c422d31d6f2faa77"},"attachments":[],"guild_id":"1290331204774989846"}}`

const sampleReady = `{"t":"READY","s":1,"op":0,"d":{"v":10,"user_settings":{},"user":{"verified":true,"username":"Reef Clerk","mfa_enabled":true,` +
	`"id":"1180011223344556677","flags":0,"email":null,"discriminator":"0091","bot":true,"avatar":null},"shard":[3,8],"session_type":"normal",` +
	`"session_id":"5d41402abc4b2a76b9719d911017c592","resume_gateway_url":"wss://gateway-eu-west4-b.discord.gg","relationships":[],` +
	`"private_channels":[],"guilds":[{"unavailable":true,"id":"1290331204774989846"},{"unavailable":true,"id":"1290331204774989999"}],` +
	`"application":{"id":"1180011223344556677","flags":565248},"_trace":["[\"gateway-prd-eu\",{\"session_id\":\"not this one\"}]"]}}`

const sampleRateLimited = `{"t":"RATE_LIMITED","s":9,"op":0,"d":{"retry_after":26.914,"opcode":8,"meta":{"nonce":"m-3","guild_id":"1290331204774989846"}}}`

// sampleGuild is a GUILD_CREATE of about 43 kB.
func sampleGuild() string {
	var b strings.Builder
	b.WriteString(`{"t":"GUILD_CREATE","s":4,"op":0,"d":{"version":1763628427936,"unavailable":false,"roles":[`)
	for i := range 24 {
		fmt.Fprintf(&b, `{"version":0,"unicode_emoji":null,"tags":{},"position":%d,"permissions":"2222085186636353","name":"Watch %d","mentionable":false,"managed":false,"id":"12903355543356%05d","icon":null,"hoist":true,"flags":0,"color":3447003},`, i, i, i)
	}
	b.WriteString(`{"id":"1290331204774989846","name":"@everyone"}],"members":[`)
	for i := range 75 {
		fmt.Fprintf(&b, `{"user":{"username":"crew_%d","public_flags":0,"primary_guild":null,"id":"3108486226420%05d","global_name":"Crew № %d","display_name":"Crew","discriminator":"0","collectibles":null,"bot":false,"avatar_decoration_data":null,"avatar":"9f1c0dd7366fb8f1c422d31d6f2faa77"},"roles":["1290335554335678464"],"premium_since":null,"pending":false,"nick":null,"mute":false,"joined_at":"2024-03-03T02:18:40.339000+00:00","flags":2,"deaf":false,"communication_disabled_until":null,"banner":null,"avatar":null},`, i, i, i)
	}
	b.WriteString(`{"user":{"id":"1180011223344556677"}}],"member_count":76,"large":false,"joined_at":"2025-01-09T13:00:00.000000+00:00","id":"1290331204774989846","description":null,"guild_id":"3333333333333333333"}}`)
	return b.String()
}
