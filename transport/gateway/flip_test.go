package gateway

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/transport/gateway/inflate"
)

// What becomes of a single bit that is flipped on the way, without TLS to notice:
// most end the connection, in the inflater or in the scanner of the engine. Of
// the streams, which have no checksum, some must pass; of documents none may.
// go test -v prints the shares.
func TestFlippedBits(t *testing.T) {
	const before, after = 5, 4
	tries := 150
	if raceEnabled {
		tries = 20
	}
	messages, _ := sampleMix(t, 1500)
	rng := rand.New(rand.NewPCG(1, 8))
	for _, compress := range compressions[1:] {
		pool := new(inflate.Pool)
		inflated, scanned, same, wrong := 0, 0, 0, 0
		for range tries {
			from := 200 + rng.IntN(len(messages)-200-before-after-1)
			story := messages[from : from+before+1+after]
			in, _ := frames(t, compress, 128<<10, story)
			hit := in[before]
			hit[rng.IntN(len(hit))] ^= 1 << rng.IntN(8)
			right, err := readAll(compress.newInflater(pool), in, story)
			switch {
			case !right:
				wrong++
			case err == nil:
				same++
			case errors.Is(err, discord.ErrMalformed):
				scanned++
			default:
				inflated++
			}
		}
		t.Logf("%s: of %d flipped bits %d stop the inflater, %d the scanner, %d change nothing, %d an event", compress, tries, inflated, scanned, same, wrong)
		if inflated+scanned < tries/4 || compress == Payload && wrong+scanned > 0 {
			t.Errorf("%s lets too many pass", compress)
		}
	}
}

// readAll inflates and scans frames until the first error, and reports whether
// what came until then is what was sent.
func readAll(stream inflater, frames [][]byte, want []string) (right bool, err error) {
	defer stream.Release()
	n := 0
	for _, frame := range frames {
		messages, complete, err := stream.Inflate(frame)
		if err != nil {
			return true, err
		}
		for complete && len(messages) > 0 {
			message := firstMessage(messages)
			messages = messages[len(message):]
			var f discord.Frame
			if err := discord.Scan(message, &f); err != nil {
				return true, err
			}
			if n == len(want) || string(message) != want[n] {
				return false, nil
			}
			n++
		}
	}
	return n == len(want), nil
}
