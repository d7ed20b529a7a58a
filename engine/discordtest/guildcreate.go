package discordtest

// appendGuild appends `d` of a full GUILD_CREATE without its closing brace. A
// backfill and a return from an outage hold "unavailable":false, a join does not
// hold the key (Discord docs, Gateway events: GUILD_CREATE).
func (r *renderer) appendGuild(dst []byte, s subject) []byte {
	seed := scramble(r.world.seed ^ s.guildID)
	size := sizeOf(seed)
	s.members = size.members
	s.text = seed
	s.user, s.channel = scramble(s.guildID), s.guildID+1
	s.atMS = int64(firstGuildMS) + 1_420_070_400_000 + int64(s.guild)*guildStepMS
	dst = r.fill(dst, r.templates.guild, &s)
	if s.kind != kindGuildJoin {
		dst = append(dst, `,"unavailable":false`...)
	}
	dst = append(dst, `,"roles":[`...)
	dst = append(r.fill(dst, r.templates.everyone, &s), '}')
	for i := range size.roles {
		s.text = seed + uint64(i)
		dst = append(r.fill(append(dst, ','), r.templates.role, &s), '}')
	}
	dst = append(dst, ']')
	dst = r.appendList(dst, "channels", r.templates.channel, size.channels, s)
	dst = r.appendList(dst, "voice_states", r.templates.voice, size.voices, s)
	dst = r.appendList(dst, "presences", r.templates.presence, size.presences, s)
	return r.appendList(dst, "members", r.templates.member, size.members, s)
}

// appendList appends an array of n objects, the i-th of which is about the i-th
// user and channel.
func (r *renderer) appendList(dst []byte, key string, t template, n int, s subject) []byte {
	dst = append(dst, ',', '"')
	dst = append(dst, key...)
	dst = append(dst, `":[`...)
	seed := s.text
	for i := range n {
		if i > 0 {
			dst = append(dst, ',')
		}
		s.user = scramble(s.guildID + uint64(i))
		s.channel = s.guildID + 1 + uint64(i)
		s.text = scramble(seed + uint64(i))
		dst = append(r.fill(dst, t, &s), '}')
	}
	return append(dst, ']')
}

// guildSize is how much a guild holds.
type guildSize struct {
	members, channels, roles, voices, presences int
}

// sizeOf draws a guild's size: most have a handful of members and 4 to 8 kB, one
// in a hundred about 200 kB. (Large guilds send only members who are online, so
// what is sent grows much slower than the guild.)
func sizeOf(seed uint64) guildSize {
	pick, r := seed%1000, seed>>16
	var m int
	switch {
	case pick < 250:
		m = 1
	case pick < 720:
		m = 2 + int(r%9)
	case pick < 930:
		m = 10 + int(r%40)
	case pick < 990:
		m = 50 + int(r%100)
	default:
		m = 230 + int(r%50)
	}
	if m == 1 {
		return guildSize{members: 1}
	}
	return guildSize{
		members:   m,
		channels:  2 + min(m/4, 40),
		roles:     1 + min(m/8, 20),
		voices:    m / 12,
		presences: m / 3,
	}
}
