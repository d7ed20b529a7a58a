package gateway

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
)

var compressions = []Compression{None, ZlibStream, ZstdStream, Payload}

// large is the content of an event of several megabytes.
func large(size int) []byte {
	var b strings.Builder
	b.WriteString(`{"members":[`)
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, `{"user":{"id":"%d","username":"user %x"},"nick":"}{","roles":[]},`, 1<<60+i*7919, i*i)
	}
	return []byte(b.String() + `null]}`)
}

// What the bot gets is what was sent, byte for byte, whatever the compression and
// however long the connection: the decoders of the libraries are known to fail
// once in tens of thousands of messages. Among them are GUILD_CREATEs of all
// sizes and events of several megabytes.
func TestEveryCompressionBringsEveryEventExactly(t *testing.T) {
	for _, c := range []struct {
		compress Compression
		cfg      discordtest.Config
		events   int
	}{
		{None, discordtest.Config{}, 10_000},
		{ZlibStream, discordtest.Config{}, 70_000},
		{ZlibStream, discordtest.Config{CompressLevel: 6, SplitFrames: 300}, 5_000},
		{ZlibStream, discordtest.Config{CompressLevel: discordtest.CompressLight}, 5_000},
		{ZstdStream, discordtest.Config{}, 20_000},
		{ZstdStream, discordtest.Config{SplitFrames: 300}, 2_000}, // which must not matter
		{Payload, discordtest.Config{}, 10_000},
	} {
		events, huge := c.events, 5<<20
		if testing.Short() || raceEnabled {
			events, huge = events/40, 500_000
		}
		c.cfg.Guilds, c.cfg.Rate = 300, 20_000
		simulated(t, fmt.Sprintf("%s level %d frames of %d", c.compress, c.cfg.CompressLevel, c.cfg.SplitFrames), c.cfg,
			func(t *testing.T, s *discordtest.Server, d *Dialer) {
				d.Compress = c.compress
				r := newReader(t, s, d)
				r.readUntil(func() bool { return r.events >= events/2 })
				for _, size := range []int{huge / 2, 150_000, huge} {
					if _, err := s.InjectData("GUILD_CREATE_LARGE", s.GuildIDs()[0], large(size)); err != nil {
						t.Fatal(err)
					}
				}
				r.readUntil(func() bool { return r.events >= events })
				r.settle()
				if r.largest < huge {
					t.Errorf("the largest message had %d bytes", r.largest)
				}
			})
	}
}

func TestMessagesThatWereJoinedAllArrive(t *testing.T) {
	for _, compress := range []Compression{ZlibStream, ZstdStream} {
		simulated(t, string(compress), discordtest.Config{Guilds: 50, Rate: 2000}, func(t *testing.T, s *discordtest.Server, d *Dialer) {
			d.Compress = compress
			r := newReader(t, s, d)
			for i := range 300 {
				r.readUntil(func() bool { return r.events > 3*i })
				if err := s.JoinNext(whole); err != nil {
					t.Fatal(err)
				}
			}
			r.settle()
		})
	}
}

// A connection that brought damage is dead at once; after a RESUME everything has
// come, once and as it was sent.
func TestDamagedFramesCostAConnectionAndNoEvent(t *testing.T) {
	rounds := 15
	if raceEnabled {
		rounds = 3
	}
	for _, compress := range []Compression{ZlibStream, ZstdStream, Payload} {
		for damage := discordtest.DamageBits; damage <= discordtest.DamageForeign; damage++ {
			simulated(t, fmt.Sprintf("%s damage %d", compress, damage), discordtest.Config{Guilds: 100, Rate: 1000, Seed: uint64(damage)},
				func(t *testing.T, s *discordtest.Server, d *Dialer) {
					d.Compress = compress
					r := newReader(t, s, d)
					for round := range rounds {
						r.readUntil(func() bool { return r.events >= 50*(round+1) })
						if err := s.CorruptNextBy(whole, damage); err != nil {
							t.Fatal(err)
						}
						r.readDamage()
						r.resume()
					}
					r.settle()
				})
		}
	}
}

// readDamage reads until the damage is met: in the inflater, or in the scanner.
func (r *reader) readDamage() {
	r.t.Helper()
	for range 5000 {
		switch _, err := r.read(); {
		case err == nil:
		case errors.Is(err, discord.ErrMalformed):
			return
		case !closedByDamage(err) || !strings.Contains(err.Error(), "cannot inflate what came: "):
			r.t.Fatal(err)
		default:
			if _, again := r.conn.Read(); again != err {
				r.t.Fatalf("first %v, then %v", err, again)
			}
			return
		}
	}
	r.t.Fatal("the damage was not noticed")
}

func TestTheIdentifyAsksForPayloadCompressionAlone(t *testing.T) {
	for _, c := range compressions {
		if c.InIdentify() != (c == Payload) {
			t.Errorf("%s: %t", c, c.InIdentify())
		}
	}
}
