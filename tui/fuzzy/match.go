package fuzzy

import (
	"strings"
	"unicode"
)

// What a letter that was found is worth. A pattern that begins the text beats one
// that begins its words, which beats one that is somewhere in it.
const (
	perLetter  = 1
	perStart   = 8  // the letter begins a word
	perRun     = 5  // it follows the one before
	perPrefix  = 20 // the pattern begins the text
	perWhole   = 40 // the pattern is the text
	perSame    = 1  // capital for capital, small for small
	longestGap = 8  // letters left out that cost something, each
)

// Match finds the letters of a pattern in a text, in their order and in any case.
// It returns how well they fit, more being better, and where they stand, in runes.
// A blank pattern fits everything alike. A pattern of several words fits if each
// of them does, wherever it stands.
func Match(pattern, text string) (score int, at []int, ok bool) {
	words := strings.Fields(pattern)
	runes := []rune(text)
	for _, word := range words {
		n, where, found := matchWord([]rune(word), runes)
		if !found {
			return 0, nil, false
		}
		score += n
		at = append(at, where...)
	}
	if len(words) > 0 {
		score -= min(len(runes)/8, 6) // of two that fit alike, the shorter
	}
	return score, at, true
}

// matchWord tries every place at which the word can begin, and keeps the best.
func matchWord(word, text []rune) (best int, at []int, ok bool) {
	for from := range text {
		if !same(word[0], text[from]) {
			continue
		}
		n, where, found := matchFrom(word, text, from)
		if found && (!ok || n > best) {
			best, at, ok = n, where, true
		}
	}
	return best, at, ok
}

// matchFrom takes for each letter the next one of a run or of a word's start, and
// else the first that is there.
func matchFrom(word, text []rune, from int) (score int, at []int, ok bool) {
	i := from
	for k, r := range word {
		next := find(r, text, i, k > 0)
		if next < 0 {
			return 0, nil, false
		}
		score += worth(r, text, next)
		if k > 0 && next == i {
			score += perRun
		} else if k > 0 {
			score -= min(next-i, longestGap)
		}
		at = append(at, next)
		i = next + 1
	}
	if from == 0 && len(at) == at[len(at)-1]+1 {
		score += perPrefix
		if len(word) == len(text) {
			score += perWhole
		}
	}
	return score, at, true
}

// find is where a letter comes next: where the run goes on, else where a word
// begins with it, else wherever it is.
func find(r rune, text []rune, from int, within bool) int {
	if from < len(text) && same(r, text[from]) {
		return from
	}
	first := -1
	for i := from; i < len(text) && within; i++ {
		if !same(r, text[i]) {
			continue
		}
		if starts(text, i) {
			return i
		}
		if first < 0 {
			first = i
		}
	}
	return first
}

func worth(r rune, text []rune, i int) int {
	n := perLetter
	if starts(text, i) {
		n += perStart
	}
	if r == text[i] {
		n += perSame
	}
	return n
}

// starts reports whether a word begins at i.
func starts(text []rune, i int) bool {
	return i == 0 || !letter(text[i-1]) && letter(text[i])
}

func letter(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

func same(a, b rune) bool { return a == b || unicode.ToLower(a) == unicode.ToLower(b) }
