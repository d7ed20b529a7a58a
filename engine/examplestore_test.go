package engine_test

import (
	"context"
	"fmt"
	"log"
	"sync"

	"github.com/gatehouse-gateway/gatehouse/engine"
	"github.com/gatehouse-gateway/gatehouse/engine/event"
	"github.com/gatehouse-gateway/gatehouse/engine/session"
)

// memoryStore keeps sessions where another engine of the process finds them; a
// database would do the same.
type memoryStore struct {
	mu         sync.Mutex
	sessions   *session.Saved
	guilds     *session.Guilds
	identifies *session.Identifies
}

func (m *memoryStore) Load() (*session.Saved, error)                { return fetch(m, &m.sessions) }
func (m *memoryStore) Save(s *session.Saved) error                  { return keep(m, &m.sessions, s) }
func (m *memoryStore) LoadGuilds() (*session.Guilds, error)         { return fetch(m, &m.guilds) }
func (m *memoryStore) SaveGuilds(g *session.Guilds) error           { return keep(m, &m.guilds, g) }
func (m *memoryStore) LoadIdentifies() (*session.Identifies, error) { return fetch(m, &m.identifies) }
func (m *memoryStore) SaveIdentifies(i *session.Identifies) error   { return keep(m, &m.identifies, i) }

func fetch[T any](m *memoryStore, from **T) (*T, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return *from, nil
}

func keep[T any](m *memoryStore, to **T, v *T) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	*to = v
	return nil
}

// A session store of one's own: the second engine resumes what the first one held, and
// the bot is not told of its guilds again.
func ExampleWithSessions() {
	cfg, sim := simulated(1, 3)
	defer sim.Close()
	store := &memoryStore{}
	for _, until := range []string{engine.LoadedType, "RESUMED"} {
		ctx, stop := context.WithCancel(context.Background())
		e, err := engine.New(cfg, engine.WithSessions(store), engine.WithSink("bot", func(_ context.Context, events []event.Event, _ int) error {
			if ev := &events[0]; ev.Type == until || ev.Type == "READY" {
				fmt.Println(ev.Type)
			}
			if events[0].Type == until {
				stop()
			}
			return nil
		}))
		if err != nil {
			log.Fatal(err)
		}
		if err := e.Run(ctx); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// READY
	// GATEHOUSE_LOADED
	// RESUMED
}
