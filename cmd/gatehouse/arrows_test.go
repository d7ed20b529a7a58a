package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

// module is the path that every import of our own begins with.
const module = "github.com/gatehouse-gateway/gatehouse/"

// arrow is what the packages under one folder may import besides the standard
// library. The arrow of the longest folder counts. Names are folders of the
// module or paths of other modules, and stand for what is below them as well.
type arrow struct {
	from  string
	to    []string
	tests []string // more, for test files
}

// anything, in an arrow, leaves only the bans.
const anything = "*"

// terminal are the libraries that know terminals: Charm's and what they rest on.
var terminal = []string{
	"charm.land", "github.com/charmbracelet", "github.com/clipperhouse", "github.com/lucasb-eyer/go-colorful",
	"github.com/mattn/go-runewidth", "github.com/rivo/uniseg", "golang.org/x/term", "golang.org/x/text",
}

// drawing is what may be seen by code that turns data into lines.
var drawing = slices.Concat([]string{"engine/ops", "themes", "tui"}, terminal)

var arrows = []arrow{
	{from: "cmd", to: []string{anything}},
	{from: "engine", to: []string{"engine"}, tests: []string{anything}},
	{from: "engine/ops", tests: []string{"engine/ops"}},
	{from: "engine/rules", to: []string{"engine", "github.com/expr-lang/expr"}},
	{from: "engine/discordtest", to: []string{"engine", "github.com/gorilla/websocket", "github.com/klauspost/compress"}},
	{
		from: "transport",
		to: []string{
			"transport", "engine/ops", "engine/discord", "engine/event", "engine/delivery", "engine/shard", "engine/clock",
			"github.com/gorilla/websocket", "github.com/klauspost/compress", "golang.org/x",
		},
		tests: []string{anything},
	},
	{from: "themes", to: []string{"github.com/pelletier/go-toml/v2", "github.com/BurntSushi/toml"}, tests: []string{"themes", "github.com/lucasb-eyer/go-colorful"}},
	// engine/clock is no inside of the engine: it is the source of time for
	// everything below cmd. What draws is told the time instead.
	{from: "tui", to: append([]string{"engine/clock"}, drawing...), tests: []string{"github.com/creack/pty"}},
	{from: "tui/frame", to: drawing},
	{from: "tui/screen", to: drawing},
	{from: "tui/dialog", to: drawing},
	{from: "tui/style", to: drawing},
}

// ban forbids an import even where an arrow would allow it.
type ban struct {
	from   string   // folder whose files it binds; "" for all
	except []string // folders that it does not bind
	to     string
	tests  bool // it binds test files as well
	why    string
}

var bans = []ban{
	{to: "charm.land/lipgloss/v2/compat", tests: true, why: "it queries the terminal at import"},
	{to: "github.com/charmbracelet/lipgloss/v2/compat", tests: true, why: "it queries the terminal at import"},
	{to: "github.com/muesli/termenv", tests: true, why: "it queries the terminal at import"},
	{to: "cmd", except: []string{"cmd"}, tests: true, why: "nothing imports cmd"},
	{to: "github.com/spf13/viper", except: []string{"cmd/gatehouse/internal/config"}, tests: true, why: "only cmd/gatehouse/internal/config reads configuration"},
	{to: "engine/discordtest", except: []string{"engine/discordtest", "cmd"}, why: "the simulated Discord is for tests, demo and sim"},
	{from: "engine", to: "tui", tests: true, why: "the engine knows no console"},
	{from: "engine", to: "themes", tests: true, why: "the engine knows no colours"},
	{from: "transport", to: "tui", tests: true, why: "transports know no console"},
	{from: "transport", to: "themes", tests: true, why: "transports know no colours"},
	{from: "tui/frame", to: "charm.land/bubbletea", tests: true, why: "drawing code knows no Bubble Tea"},
	{from: "tui/screen", to: "charm.land/bubbletea", tests: true, why: "drawing code knows no Bubble Tea"},
	{from: "tui/dialog", to: "charm.land/bubbletea", tests: true, why: "drawing code knows no Bubble Tea"},
	{from: "tui/style", to: "charm.land/bubbletea", tests: true, why: "drawing code knows no Bubble Tea"},
}

// forbidden are the names that no code below cmd may use, tests aside: clock,
// streams and the end of the process belong to cmd and are passed in.
var forbidden = map[string][]string{
	"fmt":  {"Print", "Printf", "Println"},
	"log":  {"Print", "Printf", "Println", "Fatal", "Fatalf", "Fatalln"},
	"os":   {"Exit", "Stdin", "Stdout", "Stderr"},
	"time": {"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"},
}

// mayTellTime is the one package below cmd that reads the machine's clock.
const mayTellTime = "engine/clock"

func TestImportArrowsHold(t *testing.T) {
	breaches, files, err := checkTree(os.DirFS(moduleRoot(t)))
	if err != nil {
		t.Fatal(err)
	}
	if files < 100 {
		t.Fatalf("read %d Go files: this is not the module", files)
	}
	for _, b := range breaches {
		t.Error(b)
	}
}

func TestArrowsCanBreak(t *testing.T) {
	own := func(folder string) string { return "import _ \"" + module + folder + "\"" }
	other := func(path string) string { return "import _ \"" + path + "\"" }
	for _, c := range []struct{ file, body, want string }{
		// What is allowed.
		{"cmd/gatehouse/run.go", own("transport/rest"), ""},
		{"cmd/gatehouse/run.go", "import (\"os\"; \"time\")\nfunc f() { os.Exit(time.Now().Day()) }", ""},
		{"cmd/gatehouse/internal/config/load.go", other("github.com/spf13/viper"), ""},
		{"engine/fleet/fleet.go", own("engine/shard"), ""},
		{"engine/world_test.go", own("transport/rest"), ""},
		{"engine/world_test.go", own("engine/discordtest"), ""},
		{"engine/discordtest/conn.go", other("github.com/gorilla/websocket"), ""},
		{"engine/rules/when.go", other("github.com/expr-lang/expr/vm"), ""},
		{"engine/clock/clock.go", "import \"time\"\nfunc f() { time.Now() }", ""},
		{"engine/shard/a_test.go", "import \"time\"\nfunc f() { time.Now() }\nfunc init() {}", ""},
		{"engine/shard/a.go", "import \"time\"\nfunc f(d time.Duration) time.Time { return time.Unix(0, 0).Add(d) }", ""},
		{"engine/shard/a.go", "type t struct{}\nfunc (t) init() {}", ""},
		{"transport/rest/client.go", own("engine/discord"), ""},
		{"transport/sink/http/sink.go", own("engine/delivery"), ""},
		{"tui/run.go", other("charm.land/bubbletea/v2"), ""},
		{"tui/drive_test.go", other("github.com/creack/pty"), ""},
		{"tui/screen/log.go", own("engine/ops"), ""},
		{"themes/load.go", other("github.com/pelletier/go-toml/v2"), ""},
		{"engine/testdata/a.go", own("tui"), ""},
		{".docs/screenshot/a.go", own("tui"), ""},

		// What is not.
		{"engine/engine.go", own("transport/rest"), `engine/engine.go imports transport/rest: engine may import only engine`},
		{"engine/engine.go", own("tui"), `engine/engine.go imports tui: the engine knows no console`},
		{"engine/world_test.go", own("tui"), `engine/world_test.go imports tui: the engine knows no console`},
		{"engine/engine.go", own("engine/discordtest"), `engine/engine.go imports engine/discordtest: the simulated Discord is for tests, demo and sim`},
		{"engine/fleet/a.go", other("github.com/gorilla/websocket"), `engine/fleet/a.go imports github.com/gorilla/websocket: engine may import only engine`},
		{"engine/fleet/a.go", other("golang.org/x/sync/errgroup"), `imports golang.org/x/sync/errgroup: engine may`},
		{"engine/discordtest/a.go", own("transport/gateway"), `imports transport/gateway: engine/discordtest may import only`},
		{"engine/ops/a.go", own("engine/event"), `engine/ops/a.go imports engine/event: engine/ops may import only the standard library`},
		{"engine/fleet/a.go", other("github.com/expr-lang/expr"), `imports github.com/expr-lang/expr: engine may`},
		{"engine/rules/a.go", other("github.com/spf13/viper"), `engine/rules/a.go imports github.com/spf13/viper: only cmd`},
		{"engine/opsy/a.go", other("github.com/spf13/cobra"), `: engine may import only engine`},
		{"transport/rest/a.go", own("engine"), `transport/rest/a.go imports engine: transport may import only`},
		{"transport/rest/a.go", own("engine/fleet"), `imports engine/fleet: transport may`},
		{"transport/control/a_test.go", own("tui"), `imports tui: transports know no console`},
		{"tui/a.go", own("engine/fleet"), `tui/a.go imports engine/fleet: tui may import only`},
		{"tui/a.go", own("engine"), `tui/a.go imports engine: tui may import only`},
		{"tui/a_test.go", own("transport/control"), `tui/a_test.go imports transport/control: tui may import only`},
		{"tui/a.go", other("github.com/creack/pty"), `imports github.com/creack/pty: tui may`},
		{"tui/screen/a.go", own("engine/clock"), `imports engine/clock: tui/screen may`},
		{"tui/screen/a.go", other("charm.land/bubbletea/v2"), `imports charm.land/bubbletea/v2: drawing code knows no Bubble Tea`},
		{"tui/frame/a_test.go", other("charm.land/bubbletea/v2"), `drawing code knows no Bubble Tea`},
		{"tui/dialog/deep/a.go", other("charm.land/bubbletea/v2"), `drawing code knows no Bubble Tea`},
		{"tui/style/a.go", other("charm.land/bubbletea/v2"), `drawing code knows no Bubble Tea`},
		{"tui/a.go", other("charm.land/lipgloss/v2/compat"), `it queries the terminal at import`},
		{"cmd/gatehouse/a_test.go", other("github.com/muesli/termenv"), `it queries the terminal at import`},
		{"cmd/gatehouse/a.go", other("github.com/spf13/viper"), `only cmd/gatehouse/internal/config reads configuration`},
		{"transport/rest/a_test.go", own("cmd/gatehouse/internal/config"), `nothing imports cmd`},
		{"themes/a.go", other("charm.land/lipgloss/v2"), `themes/a.go imports charm.land/lipgloss/v2: themes may import only`},
		{"shared/a.go", "", `shared/a.go: no arrow is drawn for shared`},
		{"a.go", "", `a.go: no arrow is drawn for .`},
		{"engine/shard/a.go", "func init() {}", `engine/shard/a.go:2: init(): `},
		{"cmd/gatehouse/a.go", "func init() {}", `cmd/gatehouse/a.go:2: init(): `},
		{"engine/shard/a.go", "import \"time\"\nfunc f() { time.Sleep(1) }", `engine/shard/a.go:3: time.Sleep: `},
		{"engine/shard/a.go", "import \"time\"\nvar f = time.Now", `engine/shard/a.go:3: time.Now: `},
		{"engine/shard/a.go", "import t \"time\"\nfunc f() { <-t.After(1) }", `engine/shard/a.go:3: time.After: `},
		{"engine/clock/a.go", "import \"os\"\nfunc f() { os.Exit(1) }", `os.Exit: `},
		{"tui/a.go", "import \"os\"\nvar w = os.Stdout", `os.Stdout: `},
		{"tui/a.go", "import \"fmt\"\nfunc f() { fmt.Println() }", `fmt.Println: `},
		{"engine/a.go", "import \"log\"\nfunc f() { log.Fatal() }", `log.Fatal: `},
		{"tui/a.go", "import . \"os\"\nvar w = Stdout", `tui/a.go:2: import . os: a dot import hides what it uses`},
	} {
		t.Run(c.file+"/"+c.body, func(t *testing.T) {
			tree := fstest.MapFS{c.file: {Data: []byte("package p\n" + c.body + "\n")}}
			breaches, _, err := checkTree(tree)
			if err != nil {
				t.Fatal(err)
			}
			if c.want == "" {
				if len(breaches) > 0 {
					t.Fatalf("a breach where there is none: %q", breaches)
				}
				return
			}
			if len(breaches) != 1 || !strings.Contains(breaches[0], c.want) {
				t.Fatalf("got %q, want %q alone", breaches, c.want)
			}
		})
	}
}

func TestAFileThatDoesNotParseIsNoPass(t *testing.T) {
	if _, _, err := checkTree(fstest.MapFS{"engine/a.go": {Data: []byte("package")}}); err == nil {
		t.Fatal("no error")
	}
}

// moduleRoot is the folder that holds go.mod, at or above this test's.
func moduleRoot(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if data, err := os.ReadFile(filepath.Join(dir, "go.mod")); err == nil {
			if !strings.HasPrefix(string(data), "module "+strings.TrimSuffix(module, "/")+"\n") {
				t.Fatalf("%s: not the module %s", dir, module)
			}
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the test")
		}
		dir = parent
	}
}

// checkTree holds every Go file that the go tool would build against the
// arrows, whatever its build tags say. It returns what is broken and how many
// files it read.
func checkTree(tree fs.FS) (breaches []string, files int, err error) {
	err = fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		switch base := path.Base(name); {
		case err != nil:
			return err
		case d.IsDir() && name != "." && (base[0] == '.' || base[0] == '_' || base == "testdata" || base == "vendor"):
			return fs.SkipDir
		case d.IsDir() || path.Ext(name) != ".go":
			return nil
		}
		source, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		found, err := checkFile(name, source)
		breaches, files = append(breaches, found...), files+1
		return err
	})
	return breaches, files, err
}

// checkFile lists what is broken in one file.
func checkFile(name string, source []byte) ([]string, error) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	folder, test := path.Dir(name), strings.HasSuffix(name, "_test.go")
	rule := arrowOf(folder)
	if rule == nil {
		return []string{fmt.Sprintf("%s: no arrow is drawn for %s: say in this test what it may import", name, folder)}, nil
	}
	var breaches []string
	for _, spec := range file.Imports {
		target, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if why := rule.breach(folder, target, test); why != "" {
			breaches = append(breaches, fmt.Sprintf("%s imports %s: %s", name, strings.TrimPrefix(target, module), why))
		}
	}
	if !test {
		breaches = append(breaches, checkCode(set, file, folder)...)
	}
	return breaches, nil
}

// arrowOf is the arrow of the longest folder at or above this one, or nil.
func arrowOf(folder string) *arrow {
	var best *arrow
	for i := range arrows {
		if a := &arrows[i]; under(folder, a.from) && (best == nil || len(a.from) > len(best.from)) {
			best = a
		}
	}
	return best
}

// breach says why a file in folder must not import target; empty if it may.
func (a *arrow) breach(folder, target string, test bool) string {
	name, own := strings.CutPrefix(target, module)
	if first, _, _ := strings.Cut(target, "/"); !own && !strings.Contains(first, ".") {
		return "" // the standard library
	}
	for _, b := range bans {
		if under(folder, b.from) && under(name, b.to) && !underAny(folder, b.except) && (b.tests || !test) {
			return b.why
		}
	}
	allowed := a.to
	if test {
		allowed = slices.Concat(a.to, a.tests)
	}
	switch {
	case slices.Contains(allowed, anything) || underAny(name, allowed):
		return ""
	case len(allowed) == 0:
		return a.from + " may import only the standard library"
	}
	return a.from + " may import only " + strings.Join(allowed, ", ")
}

// under tells whether name is the folder or below it; all is under "".
func under(name, folder string) bool {
	return folder == "" || name == folder || strings.HasPrefix(name, folder+"/")
}

func underAny(name string, folders []string) bool {
	return slices.ContainsFunc(folders, func(folder string) bool { return under(name, folder) })
}

// checkCode lists the init functions of a file and, below cmd, its uses of the
// forbidden names.
func checkCode(set *token.FileSet, file *ast.File, folder string) []string {
	var breaches []string
	report := func(at token.Pos, what, why string) {
		p := set.Position(at)
		breaches = append(breaches, fmt.Sprintf("%s:%d: %s: %s", p.Filename, p.Line, what, why))
	}
	for _, decl := range file.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
			report(f.Pos(), "init()", "nothing runs because it was imported")
		}
	}
	if under(folder, "cmd") {
		return breaches
	}
	watched := map[string]string{} // local name → package
	for _, spec := range file.Imports {
		target := strings.Trim(spec.Path.Value, "\"`")
		if _, ok := forbidden[target]; !ok || (target == "time" && folder == mayTellTime) {
			continue
		}
		local := target
		if spec.Name != nil {
			local = spec.Name.Name
		}
		if local == "." {
			report(spec.Pos(), "import . "+target, "a dot import hides what it uses")
		}
		watched[local] = target
	}
	ast.Inspect(file, func(n ast.Node) bool {
		use, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if x, ok := use.X.(*ast.Ident); ok && slices.Contains(forbidden[watched[x.Name]], use.Sel.Name) {
			report(use.Pos(), watched[x.Name]+"."+use.Sel.Name, "below cmd, clock, streams and exit are passed in")
		}
		return true
	})
	return breaches
}
