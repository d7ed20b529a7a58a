package engine

import (
	"context"
	"sync"
)

// group is a set of goroutines that are stopped together and waited for.
type group struct {
	wg     sync.WaitGroup
	cancel []context.CancelFunc
}

func (g *group) start(base context.Context, run func(context.Context)) {
	ctx, cancel := context.WithCancel(base)
	g.cancel = append(g.cancel, cancel)
	g.wg.Go(func() { run(ctx) })
}

func (g *group) end() {
	for _, cancel := range g.cancel {
		cancel()
	}
}

func (g *group) stop() {
	g.end()
	g.wg.Wait()
}

// groups are all goroutines of a run but those of the sinks, by when they stop.
type groups struct{ shards, queue, rest group }

// cancel has all of them end, in whatever order.
func (g *groups) cancel() {
	for _, one := range []*group{&g.shards, &g.queue, &g.rest} {
		one.end()
	}
}

// within runs something and reports whether it ended before ctx did. If not, it is
// left behind.
func within(ctx context.Context, do func()) bool {
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	select {
	case <-done:
		return true
	case <-ctx.Done():
		return false
	}
}

// overdue ends endTimeout after ctx.
func overdue(ctx context.Context) (context.Context, context.CancelFunc) {
	late, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		end, over := context.WithTimeout(late, endTimeout)
		defer over()
		<-end.Done()
		cancel()
	})
	return late, func() { stop(); cancel() }
}
