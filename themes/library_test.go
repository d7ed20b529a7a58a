package themes

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// folder is a folder with files in it.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestAThemeOfOnesOwnMayExtendABuiltInOne(t *testing.T) {
	dir := folder(t, map[string]string{
		"mine.toml": "name = \"mine\"\nextends = \"nord\"\n[colors]\n\"state.ready\" = \"#00ff00\"\n\"bg\" = \"none\"\n",
		"notes.txt": "not a theme",
	})
	l := In(dir)
	if names := l.Names(); !slices.Contains(names, "mine") || slices.Contains(names, "notes") || names[0] != DefaultName {
		t.Errorf("there are %v", names)
	}
	mine, err := l.Load("mine")
	if err != nil {
		t.Fatal(err)
	}
	nord := load(t, "nord")
	if c, _ := mine.Color(StateReady); c.Hex() != "#00ff00" || !mine.Dark || mine.Title != "mine" {
		t.Errorf("%+v", mine)
	}
	if c, ok := mine.Color(Background); ok {
		t.Errorf("the background is %s", c.Hex())
	}
	if a, b := mine.colors[Text], nord.colors[Text]; a != b {
		t.Errorf("the text is %s, that of nord %s", a.Hex(), b.Hex())
	}
	if byPath, err := (Library{}).Load(filepath.Join(dir, "mine.toml")); err != nil || byPath.Name != "mine" {
		t.Errorf("by its path: %v, %v", byPath.Name, err)
	}
	if l.File("mine") != filepath.Join(dir, "mine.toml") || l.File("dark") != "" {
		t.Errorf("files are %q and %q", l.File("mine"), l.File("dark"))
	}
}

func TestAThemeOfTheFolderTakesThePlaceOfABuiltInOne(t *testing.T) {
	l := In(folder(t, map[string]string{"dark.toml": "name = \"dark\"\ntitle = \"Darker\"\nextends = \"dark\"\n"}))
	if got, err := l.Load("dark"); err != nil || got.Title != "Darker" {
		t.Errorf("%q, %v", got.Title, err)
	}
	if n := len(l.Names()); n != len(Names()) {
		t.Errorf("%d names", n)
	}
}

func TestABrokenThemeNamesItsFileAndWhatIsWrong(t *testing.T) {
	dir := folder(t, map[string]string{
		"a.toml": "name = \"a\"\nextends = \"nrod\"\n",
		"b.toml": "name = \"b\"\nextends = \"nord\"\n[colors]\n\"state.raedy\" = \"#fff\"\n",
		"c.toml": strings.Repeat("#", maxFile+1),
	})
	for name, want := range map[string]string{
		"a":       `a.toml: extends is "nrod", must be a built-in theme: did you mean "nord"?`,
		"b":       `b.toml: colors."state.raedy" is unknown, did you mean "state.ready"?`,
		"c":       "c.toml is larger than a theme, which has at most 64 kB",
		"./d":     "there is no file ./d",
		"everfor": `did you mean "everforest"`,
	} {
		_, err := In(dir).Load(name)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
		if unknown := name == "./d" || name == "everfor"; errors.Is(err, ErrUnknown) != unknown {
			t.Errorf("%s: unknown: %v", name, !unknown)
		}
	}
}
