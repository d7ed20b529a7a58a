package style

import (
	"fmt"
	"strings"
)

// ChooseKind resolves a configured glyph set ("auto", "braille", "block",
// "ascii"; "" means auto) with the environment, given as KEY=value strings.
// Auto takes ASCII without a UTF-8 locale, and on the Linux console, whose
// font has neither braille nor the signs of the states.
func ChooseKind(choice string, env []string) (Kind, error) {
	switch kind := Kind(strings.ToLower(choice)); kind {
	case Braille, Block, ASCII:
		return kind, nil
	case "", "auto":
	default:
		return ASCII, fmt.Errorf("glyphs is %q, must be auto, braille, block or ascii", choice)
	}
	if !utf8Locale(env) {
		return ASCII, nil
	}
	if Lookup(env, "TERM") == "linux" {
		return ASCII, nil
	}
	return Braille, nil
}

// utf8Locale follows the order in which a C library reads its locale.
func utf8Locale(env []string) bool {
	for _, key := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if value := Lookup(env, key); value != "" {
			value = strings.ToLower(value)
			return strings.Contains(value, "utf-8") || strings.Contains(value, "utf8")
		}
	}
	return false
}

// Lookup is the last value of a key in KEY=value strings; empty if there is none.
func Lookup(env []string, key string) string {
	for i := len(env) - 1; i >= 0; i-- {
		if k, v, ok := strings.Cut(env[i], "="); ok && k == key {
			return v
		}
	}
	return ""
}
