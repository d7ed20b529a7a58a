package rules

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// Config is what a sink's rules are made of. An empty list takes everything.
type Config struct {
	Only, Drop  []string           // event types; one may end in * for all that begin so
	Guilds, Not []uint64           // guilds whose events pass, and whose do not
	Shards      []Range            // shards whose events pass
	Sample      map[string]float64 // per cent of a type's events that pass, 0 to 100; a type may end in *, the longest that fits counts
	When        string             // an expression over the event; empty for none
}

// Empty reports whether the rules take everything.
func (c Config) Empty() bool {
	return len(c.Only)+len(c.Drop)+len(c.Guilds)+len(c.Not)+len(c.Shards)+len(c.Sample) == 0 && c.blank()
}

// blank reports whether there is no expression.
func (c Config) blank() bool { return strings.TrimSpace(c.When) == "" }

// Equal reports whether two configurations are the same, in the order of their
// lists too.
func (c Config) Equal(o Config) bool {
	return slices.Equal(c.Only, o.Only) && slices.Equal(c.Drop, o.Drop) &&
		slices.Equal(c.Guilds, o.Guilds) && slices.Equal(c.Not, o.Not) &&
		slices.Equal(c.Shards, o.Shards) && maps.Equal(c.Sample, o.Sample) && c.When == o.When
}

// Range is shard ids, inclusive.
type Range struct{ First, Last int }

// String is the range as people write it: "0-63", or "70".
func (r Range) String() string {
	if r.First == r.Last {
		return strconv.Itoa(r.First)
	}
	return strconv.Itoa(r.First) + "-" + strconv.Itoa(r.Last)
}

// Error is a rule that cannot be.
type Error struct {
	Key    string // of the configuration, relative to the sink, such as "events.drop" or "when"
	Column int    // of When, in characters from its beginning, counting from 1; 0 if it does not apply
	Text   string // on one line: what is wrong; what to do
}

func (e *Error) Error() string {
	if e.Column > 0 {
		return e.Key + ", column " + strconv.Itoa(e.Column) + ": " + e.Text
	}
	return e.Key + ": " + e.Text
}

// Set is compiled rules. A nil *Set takes everything. It is safe for concurrent
// use.
type Set struct {
	only, drop  *typeRule
	shards      *shardRule
	guilds, not *guildRule
	sample      *sampleRule
	when        *whenRule
	all         []*rule // in the order in which they are asked
}

// rule is what a rule has done.
type rule struct {
	key, text              string
	dropped, bytes, errors atomic.Uint64
	err                    atomic.Pointer[string]
	types                  atomic.Pointer[map[string]*typeCount] // copied when a type is new
	adding                 sync.Mutex
}

// typeCount is what a rule has kept away of one type.
type typeCount struct{ dropped, bytes atomic.Uint64 }

// The types that are counted apart, and those that are told of.
const (
	typesKept = 100
	typesTold = 10
)

// refuse counts an event and says no to it.
func (r *rule) refuse(e *event.Event) bool {
	r.dropped.Add(1)
	r.bytes.Add(uint64(len(e.Data)))
	if c := r.typed(e.Type); c != nil {
		c.dropped.Add(1)
		c.bytes.Add(uint64(len(e.Data)))
	}
	return false
}

// typed is the count of a type; nil if there are too many.
func (r *rule) typed(name string) *typeCount {
	if known := r.types.Load(); known != nil {
		if c := (*known)[name]; c != nil {
			return c
		}
	}
	r.adding.Lock()
	defer r.adding.Unlock()
	all := make(map[string]*typeCount)
	if known := r.types.Load(); known != nil {
		if c := (*known)[name]; c != nil || len(*known) >= typesKept {
			return c
		}
		maps.Copy(all, *known)
	}
	c := new(typeCount)
	all[name] = c
	r.types.Store(&all)
	return c
}

// told are the types that the rule has kept away most.
func (r *rule) told() []ops.TypeCount {
	known := r.types.Load()
	if known == nil {
		return nil
	}
	var out []ops.TypeCount
	for name, c := range *known {
		out = append(out, ops.TypeCount{Type: name, Count: c.dropped.Load(), Bytes: c.bytes.Load()})
	}
	slices.SortFunc(out, func(a, b ops.TypeCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Type, b.Type))
	})
	return out[:min(len(out), typesTold)]
}

// Compile checks rules. It fails with a [*Error]. Without rules the set is nil.
func Compile(c Config) (*Set, error) {
	if c.Empty() {
		return nil, nil
	}
	s := new(Set)
	for _, part := range []func(*Config) error{s.types, s.ranges, s.guildLists, s.samples, s.expression} {
		if err := part(&c); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// add makes a rule one of the set's.
func (s *Set) add(r *rule, key, text string) {
	r.key, r.text = key, text
	s.all = append(s.all, r)
}

// Wants says whether the sink takes an event, and counts if it does not. It never
// panics; the package comment says how it treats an event that is asked about
// several times.
func (s *Set) Wants(e *event.Event) bool {
	switch {
	case s == nil:
		return true
	case strings.HasPrefix(e.Type, noticePrefix):
		return s.wantsNotice(e)
	case s.only != nil && !s.only.has(e.Type):
		return s.only.refuse(e)
	case s.drop != nil && s.drop.has(e.Type):
		return s.drop.refuse(e)
	case s.shards != nil && !s.shards.has(e.ShardID):
		return s.shards.refuse(e)
	case s.guilds != nil && e.Guild != 0 && !s.guilds.has(e.Guild):
		return s.guilds.refuse(e)
	case s.not != nil && s.not.has(e.Guild):
		return s.not.refuse(e)
	}
	if s.sample != nil {
		if r := s.sample.of(e.Type); r != nil && !r.picks(e.ID) {
			return r.refuse(e)
		}
	}
	if s.when != nil && !s.when.holds(e) {
		return s.when.refuse(e)
	}
	return true
}

const (
	// noticePrefix is what the types of Gatehouse's own events begin with.
	noticePrefix = "GATEHOUSE_"
	// gapType stands in the place of events that the queue dropped.
	gapType = noticePrefix + "GAP"
)

// wantsNotice is Wants for Gatehouse's own events.
func (s *Set) wantsNotice(e *event.Event) bool {
	if s.drop == nil || !s.drop.names(e.Type) {
		return true
	}
	if e.Type == gapType {
		return false
	}
	return s.drop.refuse(e)
}

// Rules are the rules in the order in which they are asked, with what they have
// done since the set was compiled; nil for a nil *Set.
func (s *Set) Rules() []ops.Rule {
	if s == nil {
		return nil
	}
	out := make([]ops.Rule, len(s.all))
	for i, r := range s.all {
		out[i] = ops.Rule{Key: r.key, Text: r.text, Dropped: r.dropped.Load(), Bytes: r.bytes.Load(), Errors: r.errors.Load(), Types: r.told()}
		if text := r.err.Load(); text != nil {
			out[i].Err = *text
		}
	}
	return out
}
