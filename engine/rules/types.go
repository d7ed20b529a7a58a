package rules

import (
	"fmt"
	"slices"
	"strings"
)

// typeRule is a list of event types.
type typeRule struct {
	rule
	set typeSet
}

// has reports whether a type is in the list.
func (r *typeRule) has(name string) bool { return r.set.has(name) }

// names reports whether the list means a notice of Gatehouse's, and not just
// everything that begins somehow.
func (r *typeRule) names(name string) bool {
	return r.set.exact[name] || slices.ContainsFunc(r.set.prefixes, func(p string) bool {
		return strings.HasPrefix(p, noticePrefix) && strings.HasPrefix(name, p)
	})
}

// typeSet is a set of event types and of their beginnings.
type typeSet struct {
	exact    map[string]bool
	prefixes []string
}

// has reports whether a type is in the set.
func (s *typeSet) has(name string) bool {
	if len(s.exact) > 0 && s.exact[name] {
		return true
	}
	for _, p := range s.prefixes {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}

// types compiles events.only and events.drop.
func (s *Set) types(c *Config) (err error) {
	if s.only, err = s.typeList("events.only", c.Only); err != nil {
		return err
	}
	s.drop, err = s.typeList("events.drop", c.Drop)
	return err
}

func (s *Set) typeList(key string, names []string) (*typeRule, error) {
	if len(names) == 0 {
		return nil, nil
	}
	r := &typeRule{set: typeSet{exact: make(map[string]bool, len(names))}}
	for _, name := range names {
		prefix, wild, err := typeName(key, name)
		if err != nil {
			return nil, err
		}
		if wild {
			r.set.prefixes = append(r.set.prefixes, prefix)
		} else {
			r.set.exact[name] = true
		}
	}
	s.add(&r.rule, key, some(names))
	return r, nil
}

// typeName takes an event type apart that may end in *.
func typeName(key, name string) (prefix string, wild bool, err error) {
	prefix, wild = strings.CutSuffix(name, "*")
	if name == "" || strings.Trim(prefix, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") != "" {
		return "", false, &Error{Key: key, Text: fmt.Sprintf("%.60q is not an event type; write it in capitals, such as MESSAGE_CREATE or GUILD_*", name)}
	}
	return prefix, wild, nil
}

// some writes a list for people, who are not helped by a thousand ids.
func some[T any](list []T) string {
	const most = 8
	var b strings.Builder
	for i, v := range list[:min(len(list), most)] {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprint(&b, v)
	}
	if rest := len(list) - most; rest > 0 {
		fmt.Fprintf(&b, " and %d more", rest)
	}
	return b.String()
}
