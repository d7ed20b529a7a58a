package fleet

import (
	"cmp"
	"slices"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// hotTold is how many busy guilds of the fleet are told of.
const hotTold = 20

// rollHot begins another span for the shard's busy guilds when one is over. s.mu is
// held.
func (s *Shard) rollHot() {
	if s.hotFor++; s.hotFor < ops.HotSeconds {
		return
	}
	s.hottest, s.hotFor = s.hot.Top(hotKept), 0
	s.hot.Reset()
}

// hotRolled reports whether a span has just ended. All shards' do so together.
func (f *Fleet) hotRolled() bool {
	if len(f.shards) == 0 {
		return false
	}
	s := f.shards[0]
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hotFor == 0
}

// busiest are the busiest guilds of all shards in the last whole span. A guild is
// on one shard alone.
func (f *Fleet) busiest() []ops.GuildCount {
	var all []ops.GuildCount
	for _, s := range f.shards {
		s.mu.Lock()
		for _, h := range s.hottest {
			all = append(all, ops.GuildCount{Guild: h.ID, Shard: s.id, Count: h.Count, Bytes: h.Bytes})
		}
		s.mu.Unlock()
	}
	slices.SortFunc(all, func(a, b ops.GuildCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Guild, b.Guild))
	})
	return slices.Clone(all[:min(len(all), hotTold)])
}
