package fuzzy

import (
	"fmt"
	"slices"
	"testing"
)

// ranked are the texts that fit, the best first.
func ranked(pattern string, texts ...string) []string {
	score := map[string]int{}
	var out []string
	for _, text := range texts {
		if n, _, ok := Match(pattern, text); ok {
			score[text] = n
			out = append(out, text)
		}
	}
	slices.SortStableFunc(out, func(a, b string) int { return score[b] - score[a] })
	return out
}

func TestWhatIsMeantComesFirst(t *testing.T) {
	for _, tc := range []struct {
		pattern string
		texts   []string
		want    string
	}{
		{"re", []string{"freeze", "theme reload", "reload"}, "[reload theme reload freeze]"}, // prefix, word, within
		{"reshard", []string{"reshard abort", "reshard"}, "[reshard reshard abort]"},         // the whole
		{"ra", []string{"drain", "reshard-abort"}, "[reshard-abort drain]"},                  // starts of words
		{"rsr", []string{"restart", "reidentify"}, "[restart]"},                              // letters in order
		{"abort resh", []string{"reshard-abort", "reshard"}, "[reshard-abort]"},              // words in any order
		{"ST", []string{"stop", "restart"}, "[stop restart]"},                                // in any case
		{"P", []string{"p pause", "P flush"}, "[P flush p pause]"},                           // but the same case first
		{"level", []string{"least level shown, on the log's own screen", "level"}, "[level least level shown, on the log's own screen]"},
		{"12", []string{"112", "12", "128"}, "[12 128 112]"},
		{"zzz", []string{"zoom"}, "[]"},
		{"", []string{"b", "a"}, "[b a]"},
	} {
		if got := fmt.Sprint(ranked(tc.pattern, tc.texts...)); got != tc.want {
			t.Errorf("%q: %s, want %s", tc.pattern, got, tc.want)
		}
	}
}

func TestTheLettersFoundAreTheOnesThatFitBest(t *testing.T) {
	for _, tc := range []struct{ pattern, text, want string }{
		{"log", "lag of the log", "[11 12 13]"},
		{"ra", "reshard-abort", "[0 8]"},
		{"ü", "für", "[1]"}, // runes, not bytes
		{"ab cd", "cd ab", "[3 4 0 1]"},
	} {
		if _, at, _ := Match(tc.pattern, tc.text); fmt.Sprint(at) != tc.want {
			t.Errorf("%q in %q: %v, want %s", tc.pattern, tc.text, at, tc.want)
		}
	}
}

func TestTheNearestWordIsNamed(t *testing.T) {
	known := []string{"restart", "reidentify", "reshard", "stop"}
	for word, want := range map[string]string{"restrat": "restart", "RESHARD": "reshard", "stpo": "stop", "presence": "", "": ""} {
		if got := Nearest(word, known); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
}

func FuzzMatch(f *testing.F) {
	f.Add("re start", "restart by resume")
	f.Add("\xff", "a\xffb")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		_, at, ok := Match(pattern, text)
		n := len([]rune(text))
		for _, i := range at {
			if !ok || i < 0 || i >= n {
				t.Fatalf("%q in %q: %v of %d", pattern, text, at, n)
			}
		}
		Nearest(pattern, []string{text})
	})
}
