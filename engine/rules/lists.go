package rules

import (
	"cmp"
	"fmt"
	"slices"
)

// guildRule is a list of guilds.
type guildRule struct {
	rule
	set map[uint64]struct{}
}

func (r *guildRule) has(guild uint64) bool {
	_, ok := r.set[guild]
	return ok
}

// guildLists compiles guilds and guilds_drop.
func (s *Set) guildLists(c *Config) (err error) {
	if s.guilds, err = s.guildList("guilds", c.Guilds); err != nil {
		return err
	}
	if s.not, err = s.guildList("guilds_drop", c.Not); err != nil || s.guilds == nil {
		return err
	}
	for _, id := range c.Not {
		if s.guilds.has(id) {
			return &Error{Key: "guilds_drop", Text: fmt.Sprintf("%d is in guilds too; keep one of them", id)}
		}
	}
	return nil
}

func (s *Set) guildList(key string, ids []uint64) (*guildRule, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	r := &guildRule{set: make(map[uint64]struct{}, len(ids))}
	for _, id := range ids {
		if id == 0 {
			return nil, &Error{Key: key, Text: "0 is not a guild; write its id, such as 81384788765712384"}
		}
		r.set[id] = struct{}{}
	}
	s.add(&r.rule, key, some(ids))
	return r, nil
}

// shardRule is the shards whose events pass.
type shardRule struct {
	rule
	ranges []Range // ascending, apart from each other
}

func (r *shardRule) has(shard int) bool {
	i, found := slices.BinarySearchFunc(r.ranges, shard, func(a Range, shard int) int { return cmp.Compare(a.First, shard) })
	return found || i > 0 && shard <= r.ranges[i-1].Last
}

// ranges compiles shards.
func (s *Set) ranges(c *Config) error {
	if len(c.Shards) == 0 {
		return nil
	}
	sorted := slices.Clone(c.Shards)
	slices.SortFunc(sorted, func(a, b Range) int { return cmp.Compare(a.First, b.First) })
	s.shards = new(shardRule)
	for _, r := range sorted {
		if r.First < 0 || r.Last < r.First {
			return &Error{Key: "shards", Text: fmt.Sprintf("%s is not a range of shards; write the lower number first, such as 0-63", r)}
		}
		if n := len(s.shards.ranges); n > 0 && r.First <= s.shards.ranges[n-1].Last {
			last := &s.shards.ranges[n-1]
			last.Last = max(last.Last, r.Last)
			continue
		}
		s.shards.ranges = append(s.shards.ranges, r)
	}
	s.add(&s.shards.rule, "shards", some(s.shards.ranges))
	return nil
}
