package rules

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

// sampleRule is the types of which a share passes.
type sampleRule struct {
	exact    map[string]*share
	prefixes []*share // the longest first
}

// share is how much of one type passes.
type share struct {
	rule
	prefix string // of the type, if it is not exact
	below  uint64 // events whose draw is lower pass; out of 1<<53
}

// of is the share that a type has; nil for all of it.
func (r *sampleRule) of(name string) *share {
	if s := r.exact[name]; s != nil {
		return s
	}
	for _, s := range r.prefixes {
		if strings.HasPrefix(name, s.prefix) {
			return s
		}
	}
	return nil
}

// picks reports whether an event is of those that pass. It draws by the id, which
// is the same on every attempt and after every restart.
func (s *share) picks(id event.ID) bool { return draw(id)>>11 < s.below }

// draw is a number that is spread evenly over those of 64 bits, the same for the
// same id. It is the finalizer of splitmix64 (Steele, Lea and Flood, 2014), once for
// each half of the id: sequence numbers in a row must not be drawn alike.
func draw(id event.ID) uint64 { return mix(mix(id.Session) + uint64(id.Seq)*0x9e3779b97f4a7c15) }

func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// samples compiles sample.
func (s *Set) samples(c *Config) error {
	if len(c.Sample) == 0 {
		return nil
	}
	s.sample = &sampleRule{exact: make(map[string]*share, len(c.Sample))}
	for _, name := range slices.Sorted(maps.Keys(c.Sample)) {
		percent, key := c.Sample[name], "sample."+name
		prefix, wild, err := typeName("sample", name)
		if err != nil {
			return err
		}
		if strings.HasPrefix(prefix, noticePrefix) {
			return &Error{Key: key, Text: "notices of Gatehouse's own are not sampled; name them in events.drop to have none"}
		}
		if !(percent >= 0 && percent <= 100) { // NaN is neither
			return &Error{Key: key, Text: fmt.Sprintf("%v %% is not a share; write 0%% to 100%%, how much of it passes", percent)}
		}
		r := &share{below: uint64(percent / 100 * (1 << 53))}
		if wild {
			r.prefix = prefix
			s.sample.prefixes = append(s.sample.prefixes, r)
		} else {
			s.sample.exact[name] = r
		}
		s.add(&r.rule, key, strconv.FormatFloat(percent, 'g', -1, 64)+" %")
	}
	slices.SortFunc(s.sample.prefixes, func(a, b *share) int { return cmp.Compare(len(b.prefix), len(a.prefix)) })
	return nil
}
