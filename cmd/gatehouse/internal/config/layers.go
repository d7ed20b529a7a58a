package config

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/viper"
)

// layers collects what was read, key by key, and remembers what is wrong with
// the keys themselves. Viper keeps which layer wins; it is given whole paths as
// names and opaque values, so that it neither folds case nor splits.
type layers struct {
	values   *viper.Viper
	keys     []string // every path outside of sinks
	sinkKeys []string
	sinks    []map[string]entry       // the list as a whole, of the highest layer that gives one
	overlay  map[int]map[string]entry // single fields of sinks from the environment and flags
	problems []Problem
}

func newLayers() *layers {
	return &layers{
		values:   viper.NewWithOptions(viper.KeyDelimiter("\x00")),
		keys:     paths(keys()),
		sinkKeys: paths(sinkKeys()),
		overlay:  map[int]map[string]entry{},
	}
}

func (l *layers) problem(key string, err error, src Source) {
	l.problems = append(l.problems, problemOf(key, err, src))
}

// get is the value of the highest layer that has one.
func (l *layers) get(path string) (entry, bool) {
	e, ok := l.values.Get(path).(entry)
	return e, ok
}

// addFile puts a file's content into the layer of files.
func (l *layers) addFile(t tree, name string) {
	found := map[string]any{}
	l.walk(t, "", name, found)
	if err := l.values.MergeConfigMap(found); err != nil {
		l.problem("", err, Source{Layer: LayerFile, Name: name})
	}
}

// walk takes the branches of a node apart: keys, sections, or unknown.
func (l *layers) walk(t tree, prefix, name string, found map[string]any) {
	for _, b := range t.fields {
		path := prefix + b.name
		src := Source{Layer: LayerFile, Name: name, Line: b.line}
		_, twice := found[path]
		switch {
		case twice:
			l.problem(path, &valueError{"given twice", "remove one of them"}, src)
		case path == "sinks":
			l.fileSinks(b.tree, src, name)
		case slices.Contains(l.keys, path):
			if !b.tree.empty() {
				found[path] = entry{b.tree.value(), src}
			}
		case l.section(path) && b.tree.kind == kindMap:
			l.walk(b.tree, path+".", name, found)
		case l.section(path) && b.tree.empty():
		case l.section(path) && seedName(b.name) == "":
			l.problem(path, &valueError{"is a section, not a value", "write its keys below it, indented"}, src)
		default:
			l.problem(path, l.unknown(path), src)
		}
	}
}

func (l *layers) section(path string) bool {
	return isSection(l.keys, path) || isSection(lackingPaths(lackingKeys()), path)
}

// unknown says what to do about a key that nobody reads.
func (l *layers) unknown(path string) error {
	if err, ok := notSupported(lackingKeys(), path); ok {
		return err
	}
	hint := "gatehouse config init shows every key"
	if seed := seedName(path); seed != "" {
		hint = "use " + seed
	} else if near := nearest(path, l.keys); near != "" {
		hint = `did you mean "` + near + `"?`
	}
	return &valueError{"unknown key", hint}
}

// fileSinks reads the list of sinks of a file.
func (l *layers) fileSinks(t tree, src Source, name string) {
	if t.empty() {
		return
	}
	if t.kind != kindList {
		l.problem("sinks", &valueError{"is not a list", "begin every sink with a hyphen: \"- kind: http\""}, src)
		return
	}
	l.sinks = nil
	for i, item := range t.items {
		fields := map[string]entry{}
		if item.kind != kindMap {
			l.problem(sinkPath(i, ""), &valueError{"is not a section", "write its keys, such as url"}, src)
		}
		l.walkSink(item, i, "", src, fields)
		l.sinks = append(l.sinks, fields)
	}
}

func (l *layers) walkSink(t tree, i int, prefix string, src Source, fields map[string]entry) {
	for _, b := range t.fields {
		path := prefix + b.name
		src.Line = b.line
		switch {
		case slices.Contains(l.sinkKeys, path):
			if !b.tree.empty() {
				fields[path] = entry{b.tree.value(), src}
			}
		case isSection(l.sinkKeys, path) && b.tree.kind == kindMap:
			l.walkSink(b.tree, i, path+".", src, fields)
		default:
			l.problem(sinkPath(i, path), l.unknownSink(path), src)
		}
	}
}

func (l *layers) unknownSink(path string) error {
	if err, ok := notSupported(lackingSinkKeys(), path); ok {
		return err
	}
	hint := "allowed: " + strings.Join(l.sinkKeys, ", ")
	if near := nearest(path, l.sinkKeys); near != "" {
		hint = `did you mean "` + near + `"?`
	}
	return &valueError{"unknown key", hint}
}

// sinkPath is how messages name a field of a sink: sinks[0].url.
func sinkPath(i int, field string) string {
	path := "sinks[" + strconv.Itoa(i) + "]"
	if field != "" {
		path += "." + field
	}
	return path
}

// effectiveSinks is the list with the single fields laid over it. Fields of a
// sink behind the end of the list make new ones, without holes.
func (l *layers) effectiveSinks() []map[string]entry {
	out := slices.Clone(l.sinks)
	for _, i := range slices.Sorted(maps.Keys(l.overlay)) {
		switch {
		case i < len(out):
			merged := maps.Clone(out[i])
			maps.Copy(merged, l.overlay[i])
			out[i] = merged
		case i == len(out):
			out = append(out, l.overlay[i])
		default:
			for field, e := range l.overlay[i] {
				l.problem(sinkPath(i, field), &valueError{"there is no such sink", "the next free number is " + strconv.Itoa(len(out))}, e.src)
				break
			}
		}
	}
	return out
}
