package spool

// Renew gives the cursor another hand: what the one before it had been given and did
// not acknowledge is handed out again first, in its order. Nobody else uses the
// cursor meanwhile.
func (c *Cursor) Renew(cfg CursorConfig) {
	c.log.mu.Lock()
	defer c.log.mu.Unlock()
	c.renew(cfg)
}

// renew is Renew with the log's lock held.
func (c *Cursor) renew(cfg CursorConfig) {
	c.cfg, c.orphan = cfg, false
	c.log.seat()
	c.letGo()
	c.readAhead()
}

// Release says that the sink is not configured any more: it gets no new events, and
// what waits for it stays until it is opened again, the bounds take it or
// [Queue.Discard] does.
func (c *Cursor) Release() {
	c.log.mu.Lock()
	defer c.log.mu.Unlock()
	c.cfg = CursorConfig{Name: c.cfg.Name, Wake: func() {}}
	c.orphan, c.earlyQueue = true, nil
	c.log.seat()
	c.letGo()
}

// letGo has what is in hand handed out again. Until then it stays where it is.
func (c *Cursor) letGo() {
	c.again, c.starved = nil, false
	for _, ch := range c.log.chunks {
		for i := range ch.entries {
			if e := &ch.entries[i]; e.waits&e.held&c.bit != 0 {
				c.again = append(c.again, Position{ch, e.pos})
			}
		}
	}
}

// nextAgain hands out what another hand let go.
func (c *Cursor) nextAgain(dst []Item, limit int) ([]Item, int) {
	done := 0
	for ; done < len(c.again) && limit > 0; done++ {
		p := c.again[done]
		e := p.chunk.at(p.pos)
		if e == nil || e.waits&e.held&c.bit == 0 {
			continue
		}
		c.take(p.chunk, e)
		dst = c.hand(dst, p.chunk, e)
		limit--
	}
	c.again = c.again[done:]
	if len(c.again) == 0 {
		c.again = nil
	}
	return dst, limit
}

// take takes an event out of the sink's hands.
func (c *Cursor) take(ch *chunk, e *entry) {
	if e.held&c.bit != 0 {
		e.held &^= c.bit
		ch.held--
	}
}
