package discordtest

import "strconv"

// revision is how a message stands after what has happened to it.
type revision struct {
	edit     uint32 // number of the event that was its last edit; 0 for none
	editAt   uint32 // ms since the server's start
	pinned   bool
	unfurled bool // Discord has found a preview of its link, which every update holds from then on
}

// happens is what an event makes of the newest message of its guild.
func (m *lastMessage) happens(e *entry) {
	switch e.kind {
	case kindMessage:
		*m = lastMessage{number: e.number, at: e.at}
	case kindUnfurl:
		m.now.unfurled = true
	case kindEdit:
		m.now.edit, m.now.editAt = uint32(e.number), e.at
	case kindPin:
		m.now.pinned = !m.now.pinned
	case kindDelete:
		*m = lastMessage{}
	}
	e.now = m.now
}

// allows reports whether an event of a kind can befall the message.
func (m *lastMessage) allows(k kind) bool {
	return m.number != 0 && (k != kindUnfurl || hasLink(m.number))
}

// hasLink reports whether a message holds a link that Discord will resolve.
func hasLink(number uint64) bool { return scramble(number)%10 < 3 }

// message chooses among the variants of messages.
func (t *templates) message(number uint64) template {
	switch digit := scramble(number) % 10; {
	case digit < 3:
		return t.link
	case digit == 8:
		return t.app
	case digit == 9:
		return t.reply
	default:
		return t.byKind[kindMessage]
	}
}

// appendRevision fills a slot that tells how the message stands.
func (r *renderer) appendRevision(dst []byte, slot slot, s *subject) []byte {
	switch now := s.now; {
	case slot == slotPinned:
		return strconv.AppendBool(dst, now.pinned)
	case slot == slotEmbeds && now.unfurled:
		return append(r.fill(dst, r.templates.preview, s), '}')
	case slot == slotEdit && now.edit != 0:
		dst = append(dst, " (edited "...)
		return append(strconv.AppendUint(dst, uint64(now.edit), 10), ')')
	case slot == slotEdited && now.edit == 0:
		return append(dst, "null"...)
	case slot == slotEdited:
		// Discord cuts the time to milliseconds when it repeats it in an unfurl.
		micros := int64(now.edit) % 1000
		if s.kind == kindUnfurl {
			micros = 0
		}
		dst = append(dst, '"')
		return append(appendMicros(dst, r.unixMS(now.editAt)*1000+micros), '"')
	}
	return dst
}

// appendNonce appends the member that tells a client its own message again. Updates
// have none.
func appendNonce(dst []byte, s *subject) []byte {
	if s.kind != kindMessage && s.kind != kindDirect {
		return dst
	}
	dst = append(dst, `"nonce":"`...)
	dst = strconv.AppendUint(dst, snowflake(s.refAtMS-200, s.text), 10)
	return append(dst, `",`...)
}
