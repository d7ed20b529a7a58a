package discordtest

import (
	"bytes"
	"hash/crc32"
)

// FrameDigest is a checksum of a dispatch as Discord sent it, without its
// sequence number, which is another one in every session. It is never 0.
func FrameDigest(frame []byte) uint32 {
	_, after, found := bytes.Cut(frame, []byte(`,"s":`))
	if !found {
		after = frame
	}
	before := frame[:len(frame)-len(after)]
	for len(after) > 0 && after[0] >= '0' && after[0] <= '9' {
		after = after[1:]
	}
	return max(1, crc32.Update(crc32.ChecksumIEEE(before), crc32.IEEETable, after))
}

// wrote says which bytes a client was sent for some events: what the bot gets
// has to be the same, whichever of the two is told first.
func (a *Audit) wrote(sent []sentFrame) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, f := range sent {
		a.compareDigest(f.number, f.digest)
	}
}

// sentFrame is what a client was sent for an event.
type sentFrame struct {
	number uint64
	digest uint32
}

// compare counts an event that came with other bytes than Discord sent, or than
// the time before, or under the id of another.
func (a *Audit) compare(o Observation) {
	if _, seq, ok := parseID(o.ID); ok && o.Seq != 0 && seq != o.Seq {
		a.counts.altered++
		return
	}
	a.compareDigest(o.Number, o.Digest)
}

func (a *Audit) compareDigest(number uint64, digest uint32) {
	r := a.ledger.record(number)
	if r == nil || digest == 0 || r.kind == kindAnswer {
		return // an answer may get back the nonce that its asker had chosen
	}
	if r.digest == 0 {
		r.digest = digest
	}
	if r.digest != digest {
		a.counts.altered++
	}
}
