package config

import (
	"slices"
	"strings"
)

// key is one key of a struct S: how it is called, read and shown.
type key[S any] struct {
	path   string // below S, with dots
	doc    string // for people, one line
	secret bool
	usual  string // what `config init` writes in place of the default; may be empty
	decode func(*S, any) error
	show   func(*S) string
	full   func(*S) string // the value with what show leaves out, to be compared and never shown; nil for show
}

// field makes a key out of a parser, a place and a formatter.
func field[S, T any](path, doc string, parse func(any) (T, error), place func(*S) *T, show func(T) string) key[S] {
	return key[S]{
		path: path, doc: doc,
		decode: func(s *S, raw any) error {
			v, err := parse(raw)
			if err == nil {
				*place(s) = v
			}
			return err
		},
		show: func(s *S) string { return show(*place(s)) },
	}
}

// secretField is a field whose value is never shown.
func secretField[S any](path, doc string, place func(*S) *string) key[S] {
	k := field(path, doc, secretText, place, showSecret).comparedBy(func(s *S) string { return *place(s) })
	k.secret = true
	return k
}

// comparedBy gives a key the value by which a change of it is seen.
func (k key[S]) comparedBy(full func(*S) string) key[S] {
	k.full = full
	return k
}

// differs reports whether two structs have different values of the key.
func (k key[S]) differs(a, b *S) bool {
	if k.full != nil {
		return k.full(a) != k.full(b)
	}
	return k.show(a) != k.show(b)
}

// withUsual gives a key the value that `config init` proposes.
func (k key[S]) withUsual(text string) key[S] {
	k.usual = text
	return k
}

// find is the key of a path.
func find[S any](keys []key[S], path string) (key[S], bool) {
	i := slices.IndexFunc(keys, func(k key[S]) bool { return k.path == path })
	if i < 0 {
		return key[S]{}, false
	}
	return keys[i], true
}

// paths lists the keys' names.
func paths[S any](keys []key[S]) []string {
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = k.path
	}
	return names
}

// isSection reports whether some name lies below path.
func isSection(names []string, path string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(n, path+".") })
}

// variable is the environment variable of a path.
func variable(path string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(path, ".", "_"))
}

// envPrefix begins the name of every variable of ours.
const envPrefix = "GATEHOUSE_"
