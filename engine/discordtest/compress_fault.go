package discordtest

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
)

// Damage is what becomes of a compressed frame on its way. All of it is damage
// that the format of the frame shows. A literal byte that has been exchanged for
// another would not be seen by any decoder but that of payload compression,
// because the streams carry no checksum that is ever reached; of that, TLS and
// TCP take care.
type Damage uint8

// The kinds of damage.
const (
	DamageBits    Damage = iota + 1 // flipped bits: an unknown kind of block, or a wrong checksum
	DamageCut                       // the second half is missing
	DamageNoise                     // as many bytes of noise
	DamageForeign                   // the beginning of another connection's stream
	damageEnd
)

// ErrNotCompressed is returned by faults for compressed frames if the shard's
// connection has none.
var ErrNotCompressed = errors.New("discordtest: the connection is not compressed")

// CorruptNext damages the next compressed frame of a shard's connections, each
// time in another way. Their sessions stay; the client has to notice, hang up and
// resume, and then gets the event again.
func (s *Server) CorruptNext(p Pair) error {
	turn := s.packer.faults.turn.Add(1) - 1
	return s.CorruptNextBy(p, DamageBits+Damage(turn%uint32(damageEnd-DamageBits)))
}

// CorruptNextBy is [Server.CorruptNext] with a certain kind of damage. Connections
// with payload compression share a compressor: there it hits the next frame of
// 1 kB and more of any of them.
func (s *Server) CorruptNextBy(p Pair, how Damage) error {
	if how < DamageBits || how >= damageEnd {
		return fmt.Errorf("discordtest: there is no damage %d", how)
	}
	return s.compressedFault("corrupt frame", p, func(c *conn) bool {
		if e, ok := c.enc.(*faultyEncoder); ok {
			e.damage.Store(uint32(how))
			return true
		}
		if c.session.pack {
			s.packer.faults.damage.Store(uint32(how))
		}
		return c.session.pack
	})
}

// JoinNext holds the next event of a shard's connections back, until the message
// after it, and sends both in one WebSocket message, as a proxy may that reads
// and writes a stream. Only zlib-stream and zstd-stream can be joined. Without
// traffic that may take until the ACK of a heartbeat.
func (s *Server) JoinNext(p Pair) error {
	return s.compressedFault("joined frames", p, func(c *conn) bool {
		e, ok := c.enc.(*faultyEncoder)
		if ok {
			e.join.Store(true)
		}
		return ok
	})
}

// compressedFault does something to every connection of a shard; do reports
// whether it is compressed.
func (s *Server) compressedFault(what string, p Pair, do func(*conn) bool) error {
	compressed := false
	err := s.fault(what, p, func(c *conn) { compressed = do(c) || compressed })
	if err == nil && !compressed {
		return fmt.Errorf("%w: shard %d", ErrNotCompressed, p.Shard)
	}
	return err
}

// faultyEncoder is a connection's encoder with what goes wrong behind it.
type faultyEncoder struct {
	encoder
	name   string
	damage atomic.Uint32 // a [Damage]; 0 for none
	join   atomic.Bool
	held   []byte // a message that waits for the next
}

func (e *faultyEncoder) encode(frame []byte) ([]byte, error) {
	packed, err := e.encoder.encode(frame)
	if err != nil {
		return nil, err
	}
	if how := Damage(e.damage.Swap(0)); how != 0 {
		packed = damaged(packed, how, e.name)
	}
	if e.held != nil {
		packed, e.held = append(e.held, packed...), nil
		return packed, nil
	}
	if bytes.HasPrefix(frame, []byte(`{"t":"`)) && e.join.CompareAndSwap(true, false) {
		e.held = bytes.Clone(packed)
		return nil, nil
	}
	return packed, nil
}

// packerFaults is what goes wrong with documents of payload compression.
type packerFaults struct {
	damage atomic.Uint32 // a [Damage]; 0 for none
	turn   atomic.Uint32
}

func (f *packerFaults) apply(document []byte) []byte {
	if how := Damage(f.damage.Swap(0)); how != 0 {
		return damaged(document, how, "")
	}
	return document
}

// damaged is a frame after what happened to it on its way.
func damaged(frame []byte, how Damage, name string) []byte {
	out := bytes.Clone(frame)
	switch how {
	case DamageBits:
		if name == "" {
			out[len(out)-1] ^= 0x10 // of the checksum
		} else {
			out[0] |= 0b110 // both streams have the kind of the first block there
		}
	case DamageCut:
		out = out[:len(out)/2]
	case DamageNoise:
		noise := rand.NewChaCha8([32]byte(bytes.Repeat([]byte{byte(len(out))}, 32)))
		_, _ = noise.Read(out)
	case DamageForeign:
		// A stream that is only just beginning, in the place of a document too.
		if name == "zstd-stream" {
			return append([]byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38}, out...)
		}
		return append([]byte{0x78, 0x9c}, out...)
	}
	return out
}
