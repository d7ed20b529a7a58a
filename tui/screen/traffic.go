package screen

import (
	"strconv"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
)

// trafficFoot is what goes over the wire, in both directions, as far as w cells
// have room for it: the ratio of the compression, what is sent, and last how much
// was received.
func trafficFoot(l Look, s *ops.Snapshot, w int) string {
	ratio, volume := compression(l, s)
	return fitParts([]string{ratio, fitParts(commands(l, s.Commands), "  ", w-frame.Width(ratio)-3), volume}, l.sep(), w)
}

// compression is how Discord compresses, with the bytes after inflating for each
// that was received, and how many that were.
func compression(l Look, s *ops.Snapshot) (ratio, volume string) {
	name := frame.Cut(frame.Clean(s.Fleet.Compress), 16)
	wire, all := s.Traffic.WireBytes, s.Traffic.Bytes
	switch {
	case name == "none":
		return l.label("not compressed"), frame.Bytes(wire) + l.label(" in")
	case name == "" || wire == 0:
		return l.label(name), ""
	}
	text := strconv.FormatFloat(float64(all)/float64(wire), 'f', 1, 64) + ":1"
	return l.label(name+" ") + text, frame.Bytes(wire) + l.label(" in, for ") + frame.Bytes(all)
}

// commands is what was sent to Discord beside what keeps the shards alive; none
// if there was nothing to send.
func commands(l Look, c ops.Commands) []string {
	if c.Sent == 0 && c.Refused == 0 && c.Waiting == 0 && c.Asked == 0 {
		return nil
	}
	out := []string{frame.Count(c.Sent) + l.label(" "+plainPlural(c.Sent, "command"))}
	for _, part := range []struct {
		n    uint64
		word string
	}{{uint64(max(c.Waiting, 0)), " waiting"}, {c.Refused, " refused"}, {uint64(max(c.Asked, 0)), " asked"}} {
		if part.n > 0 {
			out = append(out, frame.Count(part.n)+l.label(part.word))
		}
	}
	return out
}
