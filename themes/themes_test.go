package themes

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
)

func load(t *testing.T, name string) Theme {
	t.Helper()
	theme, err := Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return theme
}

func TestEveryEmbeddedThemeIsListedAndLoads(t *testing.T) {
	found, err := fs.Glob(files, "*.toml")
	if err != nil || len(found) != len(Names()) {
		t.Fatalf("embedded %v, listed %v (%v)", found, Names(), err)
	}
	for _, name := range Names() {
		theme := load(t, name)
		if theme.Name != name || theme.Title == "" {
			t.Errorf("%s calls itself %q (%q)", name, theme.Name, theme.Title)
		}
		for _, token := range Tokens() {
			if _, ok := theme.Color(token); !ok && !token.optional() {
				t.Errorf("%s has no %s", name, token)
			}
		}
	}
}

func TestAnUnknownNameNamesTheNearest(t *testing.T) {
	_, err := Load("drak")
	if !errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), `did you mean "dark"`) {
		t.Fatalf("got %v", err)
	}
}

func TestAThemeOfOnesOwnIsToldEverythingThatIsWrong(t *testing.T) {
	data, err := files.ReadFile("dark.toml")
	if err != nil {
		t.Fatal(err)
	}
	broken := strings.NewReplacer(
		`"state.ready" =`, `"state.raedy" =`,
		`"warn" = "#eeb04c"`, `"warn" = "orange"`,
		`"bg" = "#0f141a"`, `"bg" = "black"`,
		`appearance = "dark"`, `appearance = "dusk"`,
	).Replace(string(data))
	_, err = Parse([]byte(broken))
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{
		`colors."state.raedy" is unknown, did you mean "state.ready"?`,
		`colors."state.ready" is missing`,
		`colors."warn" is "orange", must be #rrggbb or #rgb`,
		`colors."bg" is "black", must be #rrggbb or #rgb or "none"`,
		`appearance is "dusk", must be dark or light`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("missing %q in:\n%v", want, err)
		}
	}
}

func TestKeysOutsideTheFormatAreRefused(t *testing.T) {
	_, err := Parse([]byte("name = \"x\"\ncolours = 3\n"))
	if err == nil || !strings.Contains(err.Error(), `unknown key "colours"`) {
		t.Fatalf("got %v", err)
	}
	if _, err = Parse([]byte("name = \"x\"\n[colors\n")); err == nil || !strings.HasPrefix(err.Error(), "line 2 ") {
		t.Fatalf("broken TOML: got %v", err)
	}
}

func TestBackgroundsMayBeLeftToTheTerminal(t *testing.T) {
	data, err := files.ReadFile("dark.toml")
	if err != nil {
		t.Fatal(err)
	}
	theme, err := Parse([]byte(strings.Replace(string(data), `"bg" = "#0f141a"`, `"bg" = "none"`, 1)))
	if err != nil {
		t.Fatal(err)
	}
	if c, ok := theme.Color(Background); ok {
		t.Fatalf("background is %s", c.Hex())
	}
}

func TestShortAndLongColours(t *testing.T) {
	for in, want := range map[string]string{"#abc": "#aabbcc", "#0f141a": "#0f141a"} {
		if c, ok := parseRGB(in); !ok || c.Hex() != want {
			t.Errorf("%s is %s, %v", in, c.Hex(), ok)
		}
	}
	for _, in := range []string{"", "#", "red", "#12345g", "#12345", "0f141a7"} {
		if _, ok := parseRGB(in); ok {
			t.Errorf("%q accepted", in)
		}
	}
}
