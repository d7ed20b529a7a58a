package pipeline

import (
	"fmt"
	"strings"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

// TypeRule compiles a sink's lists of event types into a test: only the types
// in only pass, if there are any, and none in drop. A name may end in * to mean
// every type that begins so. It returns nil if everything passes.
func TypeRule(only, drop []string) (func(*event.Event) bool, error) {
	pass, err := newTypeSet(only)
	if err != nil {
		return nil, fmt.Errorf("events.only: %w", err)
	}
	cut, err := newTypeSet(drop)
	if err != nil {
		return nil, fmt.Errorf("events.drop: %w", err)
	}
	if pass.empty() && cut.empty() {
		return nil, nil
	}
	return func(e *event.Event) bool {
		return (pass.empty() || pass.has(e.Type)) && !cut.has(e.Type)
	}, nil
}

// typeSet is a set of event types and of their beginnings.
type typeSet struct {
	exact    map[string]bool
	prefixes []string
}

func newTypeSet(names []string) (typeSet, error) {
	s := typeSet{exact: make(map[string]bool, len(names))}
	for _, name := range names {
		prefix, wild := strings.CutSuffix(name, "*")
		if strings.Trim(prefix, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") != "" || name == "" {
			return s, fmt.Errorf("%q is not an event type: write it in capitals, such as MESSAGE_CREATE or GUILD_*", name)
		}
		if wild {
			s.prefixes = append(s.prefixes, prefix)
		} else {
			s.exact[name] = true
		}
	}
	return s, nil
}

func (s *typeSet) empty() bool { return len(s.exact) == 0 && len(s.prefixes) == 0 }

func (s *typeSet) has(eventType string) bool {
	if s.exact[eventType] {
		return true
	}
	for _, p := range s.prefixes {
		if strings.HasPrefix(eventType, p) {
			return true
		}
	}
	return false
}
