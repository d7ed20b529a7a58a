package tui

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// keyInText is a key that stands in a text by itself, where its action should.
var keyInText = regexp.MustCompile(`(^|[ (:,])([A-Za-z?!/*.,]|ctrl\+[a-z]) (and [A-Za-z] )?(shows?|starts?|releases|tries|opens|lists|lets|holds|plans|stops|acknowledges|cancels|closes|sends|goes on|jumps)\b`)

// texts calls f with every text in the code of the console.
func texts(t *testing.T, f func(path, text string)) {
	t.Helper()
	files := 0
	err := fs.WalkDir(os.DirFS("."), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasPrefix(path, "internal/") {
			return err
		}
		files++
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if text, ok := n.(*ast.BasicLit); ok && text.Kind == token.STRING {
				if s, err := strconv.Unquote(text.Value); err == nil {
					f(path, s)
				}
			}
			return true
		})
		return nil
	})
	if err != nil || files < 50 {
		t.Fatal(files, err)
	}
}

// Keys can be configured: a text that names one has {action} in its place, and a
// screen asks for it.
func TestTextsNameKeysByTheirActions(t *testing.T) {
	texts(t, func(path, text string) {
		if keyInText.MatchString(text) {
			t.Errorf("%s: %q names a key; write {action} in its place", path, text)
		}
	})
}

// What a text names must be an action, or it would stand there as it is.
func TestTheActionsThatTextsNameAreThere(t *testing.T) {
	named := regexp.MustCompile(`(?:^|[^{])\{([a-z]+(?:-[a-z]+)*)\}`)
	ids := map[string]bool{}
	for _, a := range registry() {
		ids[a.id] = true
	}
	found := 0
	texts(t, func(path, text string) {
		for _, match := range named.FindAllStringSubmatch(text, -1) {
			found++
			if !ids[match[1]] {
				t.Errorf("%s: %q is not an action", path, match[1])
			}
		}
	})
	if found < 10 {
		t.Errorf("%d texts name an action", found)
	}
}

func TestKeysAreWrittenIntoTexts(t *testing.T) {
	drive(t, with(full(32), map[string][]string{"stop": {"f8"}, "drain": {}}), func(d *driver) {
		for text, want := range map[string]string{
			"{stop} starts it, {drain} drains": "f8 starts it, :drain drains",
			"{nothing} {":                      "{nothing} {", "{{shard}} of {{shards}}": "{{shard}} of {{shards}}", `{"name":"{{shard}}"}`: `{"name":"{{shard}}"}`,
			"{{": "{{", "{{shard": "{{shard", "{{stop}": "{{stop}", "}{stop}{": "}f8{", "": "",
		} {
			if got := d.m.keyed(text); got != want {
				t.Errorf("%q becomes %q, want %q", text, got, want)
			}
		}
	})
}
