package discord

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

var errNoIntents = errors.New("intents: none given; name them, or write none")

// ParseIntents reads intents as people and configuration files write them: a
// number, a number in a string, a name, several of these with commas, or a list
// of any of these. Names are taken in every library's spelling: upper and lower
// case, "_", "-", spaces and a leading "Intents", "Intent" or "GatewayIntentBits."
// do not matter. Names of groups are messages, reactions, typing, polls,
// auto_moderation, all, privileged, default (all that are not privileged) and
// none.
//
// It fails for a name it does not know, naming those nearest to it, for bits
// that no bot may set, naming them, and for nothing at all. An empty list is no
// intents.
func ParseIntents(v any) (Intents, error) {
	switch v := v.(type) {
	case nil:
		return 0, errNoIntents
	case string:
		return parseIntentText(v)
	case json.Number:
		return parseIntentText(v.String())
	}
	value := reflect.ValueOf(v)
	switch {
	case value.CanUint():
		return checkIntents(value.Uint())
	case value.CanInt() && value.Int() >= 0:
		return checkIntents(uint64(value.Int()))
	case value.CanFloat():
		return intentsFromFloat(value.Float())
	case value.Kind() == reflect.Slice:
		return intentsFromList(value)
	default:
		return 0, fmt.Errorf("intents: cannot read %v; use a number or names", v)
	}
}

// intentsFromFloat takes what decoders of JSON make of a number.
func intentsFromFloat(f float64) (Intents, error) {
	if f < 0 || f != math.Trunc(f) || f >= 1<<53 {
		return 0, fmt.Errorf("intents: %v is not a bit set", f)
	}
	return checkIntents(uint64(f))
}

func intentsFromList(list reflect.Value) (Intents, error) {
	var sum Intents
	for i := range list.Len() {
		one, err := ParseIntents(list.Index(i).Interface())
		if err != nil {
			return 0, err
		}
		sum |= one
	}
	return sum, nil
}

// checkIntents refuses bits that Discord answers with 4013.
func checkIntents(n uint64) (Intents, error) {
	if unknown := Intents(n) &^ IntentsAll; unknown != 0 {
		return 0, fmt.Errorf("intents: %d sets bits that no bot may set: %s", n, unknown.bitNumbers())
	}
	return Intents(n), nil
}

func parseIntentText(text string) (Intents, error) {
	// An environment variable may hold the list as a file would.
	text = strings.Trim(strings.TrimSpace(text), "[]")
	var sum Intents
	words := 0
	for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' || r == '|' }) {
		word := strings.Trim(part, " \t\r\n\"'")
		if word == "" {
			continue
		}
		one, err := parseIntentWord(word)
		if err != nil {
			return 0, err
		}
		sum |= one
		words++
	}
	if words == 0 {
		return 0, errNoIntents
	}
	return sum, nil
}

func parseIntentWord(word string) (Intents, error) {
	if n, err := strconv.ParseUint(word, 0, 64); err == nil {
		return checkIntents(n)
	}
	wanted := foldIntent(word)
	for _, known := range spellings() {
		if foldIntent(known.name) == wanted {
			return known.bits, nil
		}
	}
	return 0, unknownIntent(word, wanted)
}

func spellings() []intentName { return slices.Concat(intentNames[:], intentAliases[:]) }

// foldIntent takes out of a name what the libraries spell differently.
func foldIntent(name string) string {
	name = name[strings.LastIndexAny(name, ".:")+1:]
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune("_- ()", r) {
			return -1
		}
		return r
	}, strings.ToLower(name))
	if rest, ok := strings.CutPrefix(name, "intents"); ok && rest != "" {
		return rest
	}
	if rest, ok := strings.CutPrefix(name, "intent"); ok && rest != "" {
		return rest
	}
	return name
}

// unknownIntent names up to three intents that may have been meant.
func unknownIntent(word, folded string) error {
	type guess struct {
		name     string
		distance int
	}
	var guesses []guess
	for _, known := range spellings() {
		distance := editDistance(folded, foldIntent(known.name))
		if distance <= max(2, len(folded)/3) {
			guesses = append(guesses, guess{known.name, distance})
		}
	}
	slices.SortStableFunc(guesses, func(a, b guess) int { return cmp.Compare(a.distance, b.distance) })
	if len(guesses) == 0 {
		return fmt.Errorf("intents: unknown name %q; known are %s", word, IntentsAll)
	}
	var names []string
	for _, g := range guesses[:min(3, len(guesses))] {
		names = append(names, g.name)
	}
	return fmt.Errorf("intents: unknown name %q; did you mean %s?", word, strings.Join(names, ", "))
}

// editDistance is the number of bytes to insert, delete or replace to make b
// of a (Levenshtein).
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
