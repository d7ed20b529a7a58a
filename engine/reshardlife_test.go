package engine_test

import (
	"context"
	"net"
	"sync"

	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
	"github.com/gatehouse-gateway/gatehouse/engine/session"
)

// lifeline ties an engine to Discord until it is cut, as when a process dies.
type lifeline struct {
	mu    sync.Mutex
	tied  bool
	dead  bool
	conns []net.Conn
}

// tie wraps what opens connections.
func (l *lifeline) tie(dial func(context.Context, string, string) (net.Conn, error)) func(context.Context, string, string) (net.Conn, error) {
	l.tied = true
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.dead {
			_ = c.Close()
			return nil, net.ErrClosed
		}
		l.conns = append(l.conns, c)
		return c, nil
	}
}

// cut ends every connection without a word, and every new one.
func (l *lifeline) cut(dead bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dead = dead
	for _, c := range l.conns {
		_ = c.Close()
	}
	l.conns = nil
}

// kill ends what the engine can do, as kill -9 does, towards Discord and the bot
// too. It may be called by the engine itself.
func (w *reshardWorld) kill() {
	w.disk.spoil(func(d *disk) { d.dead = true })
	w.shelf.spoil(true, nil)
	w.bot.SetMode(discordtest.BotCrashed)
	w.line.cut(true)
}

// revive starts another engine after kill, with a bot in a mode.
func (w *reshardWorld) revive(bot discordtest.BotMode) {
	w.t.Helper()
	w.stop()
	<-w.ended
	w.disk.spoil(func(d *disk) { d.dead = false })
	w.shelf.spoil(false, nil)
	w.bot.SetMode(bot)
	w.line.cut(false)
	w.repeats = true
	w.start(nil)
}

// savingShelf tells a test of sessions that are about to be saved, and that were.
type savingShelf struct {
	*shelf
	hook          sync.Mutex
	before, after func(*session.Saved)
}

// watch has before and after called around every Save; nil for not.
func (s *savingShelf) watch(before, after func(*session.Saved)) {
	s.hook.Lock()
	defer s.hook.Unlock()
	s.before, s.after = before, after
}

// Save calls the hooks.
func (s *savingShelf) Save(saved *session.Saved) error {
	s.hook.Lock()
	before, after := s.before, s.after
	s.hook.Unlock()
	if before != nil {
		before(saved)
	}
	err := s.shelf.Save(saved)
	if after != nil {
		after(saved)
	}
	return err
}
