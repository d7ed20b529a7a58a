package engine

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
)

// sinks are where events go: those of the configuration, which may be read again
// while they are in use.
type sinks struct {
	list atomic.Pointer[[]*sink] // never written again

	mu   sync.Mutex
	base context.Context // of their runners; nil while those do not run
	wg   sync.WaitGroup
}

// all are the sinks in the order of the configuration.
func (s *sinks) all() []*sink {
	if list := s.list.Load(); list != nil {
		return *list
	}
	return nil
}

// named is the sink with a name; nil if there is none.
func (s *sinks) named(name string) *sink {
	all := s.all()
	if i := slices.IndexFunc(all, func(k *sink) bool { return k.cfg.Name == name }); i >= 0 {
		return all[i]
	}
	return nil
}

// set makes a list the sinks that there are.
func (s *sinks) set(list []*sink) { s.list.Store(&list) }

// run has all sinks deliver, until stop.
func (s *sinks) run(base context.Context) {
	s.mu.Lock()
	s.base = base
	s.mu.Unlock()
	for _, k := range s.all() {
		s.start(k)
	}
}

// start has one sink deliver, unless all have been stopped.
func (s *sinks) start(k *sink) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.base == nil {
		return
	}
	ctx, cancel := context.WithCancel(s.base)
	k.cancel, k.ended = cancel, make(chan struct{})
	s.wg.Go(func() {
		defer close(k.ended)
		k.runner.Run(ctx)
	})
}

// halt has one sink end and waits until nothing of it is under way.
func (s *sinks) halt(k *sink) {
	s.mu.Lock()
	cancel, ended := k.cancel, k.ended
	s.mu.Unlock()
	if cancel != nil {
		cancel()
		<-ended
	}
}

// end has all of them end; none can be started any more.
func (s *sinks) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.base = nil
	for _, k := range s.all() {
		if k.cancel != nil {
			k.cancel()
		}
	}
}

// stop is end, and waits for it.
func (s *sinks) stop() {
	s.end()
	s.wg.Wait()
}
