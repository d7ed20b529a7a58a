package config

import "fmt"

// Layer is where a value comes from, the weakest first.
type Layer uint8

// The layers.
const (
	LayerDefault Layer = iota
	LayerFile
	LayerEnv
	LayerFlag
)

// Source is where a value was read.
type Source struct {
	Layer Layer
	Name  string // of the file, variable or flag
	Line  int    // in the file, from 1; 0 if unknown
}

// String is the source as messages show it: "gatehouse.yaml:12",
// "GATEHOUSE_SHARDS_TOTAL", "--log-level" or "default".
func (s Source) String() string {
	switch {
	case s.Layer == LayerDefault:
		return "default"
	case s.Line > 0:
		return fmt.Sprintf("%s:%d", s.Name, s.Line)
	default:
		return s.Name
	}
}

// entry is a value as it was read.
type entry struct {
	raw any // string, bool, int64, float64, []any or map[string]any
	src Source
}
