package discordtest

// Bounds of the injected bodies that are remembered for RESUME.
const (
	customKept  = 4096
	customBytes = 64 << 20
)

// customBodies holds what was injected with a body of its own, by event number:
// the type, a space, and `d` without its closing brace.
type customBodies struct {
	bodies map[uint64][]byte
	order  []uint64
	bytes  int
}

func (c *customBodies) put(number uint64, body []byte) {
	if c.bodies == nil {
		c.bodies = make(map[uint64][]byte)
	}
	for len(c.order) == customKept || c.bytes > customBytes {
		c.bytes -= len(c.bodies[c.order[0]])
		delete(c.bodies, c.order[0])
		c.order = c.order[1:]
	}
	c.bodies[number] = body
	c.bytes += len(body)
	c.order = append(c.order, number)
}

// get is a body, or one of an unknown type if it is too old.
func (c *customBodies) get(number uint64) []byte {
	if body, ok := c.bodies[number]; ok {
		return body
	}
	return []byte("UNKNOWN ")
}
