package discord

// ReplaceNonce returns a copy of a dispatch in which d.nonce, or d.meta.nonce,
// is replacement if it was nonce; an empty replacement takes the member out. All
// other bytes stay as they are. It is false, without a copy, if there is no such
// nonce. msg must be well-formed, as [Scan] leaves it.
func ReplaceNonce(msg []byte, nonce, replacement string) ([]byte, bool) {
	e := nonceEdit{msg: msg, nonce: nonce}
	if replacement != "" {
		e.value = appendString(nil, replacement)
	}
	e.members(0, "d", (*nonceEdit).data)
	if !e.found {
		return nil, false
	}
	return append(e.out, msg[e.from:]...), true
}

// nonceEdit is a copy under way.
type nonceEdit struct {
	msg   []byte
	nonce string
	value []byte // in its place; nil takes the member out
	out   []byte
	from  int // start of what has not been copied yet
	found bool
}

// members calls visit with the offset of each value that is called name in the
// object at i.
func (e *nonceEdit) members(i int, name string, visit func(e *nonceEdit, i int)) {
	eachMember(e.msg, i, func(m member, _ int) {
		if m.is(e.msg, name) {
			visit(e, m.val)
		}
	})
}

// data edits d and the meta in it, in the order in which they stand.
func (e *nonceEdit) data(i int) { e.object(i, true) }

// object edits the nonces of the object at i.
func (e *nonceEdit) object(i int, meta bool) {
	var last int     // end of the member before; 0 for none
	var kept bool    // a member before stays
	var leading bool // the members before are taken out, with the comma behind them
	eachMember(e.msg, i, func(m member, end int) {
		if leading {
			e.from = m.key - 1
		}
		switch {
		case !m.is(e.msg, "nonce") || !e.matches(m.val, end):
			if meta && m.is(e.msg, "meta") {
				e.object(m.val, false)
			}
			kept, leading = true, false
		case e.value != nil:
			e.cut(m.val, end)
			e.out = append(e.out, e.value...)
		case kept:
			e.cut(last, end)
		default:
			if !leading {
				e.cut(m.key-1, end)
			}
			e.from, leading = end, true
		}
		last = end
	})
}

// matches reports whether the value is the nonce.
func (e *nonceEdit) matches(from, to int) bool {
	text, ok := unquote(e.msg[from:to])
	return ok && string(text) == e.nonce
}

// cut copies up to an offset, and leaves out what lies from there to another.
func (e *nonceEdit) cut(from, to int) {
	if !e.found {
		e.found = true
		e.out = make([]byte, 0, len(e.msg)+len(e.value))
	}
	e.out = append(e.out, e.msg[e.from:from]...)
	e.from = to
}
