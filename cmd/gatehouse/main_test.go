package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// testToken has the shape of a token and belongs to nobody.
const testToken = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GaTeHo.notARealOneJustTheShape-_0123456789"

// outcome is what a run of the program leaves behind.
type outcome struct {
	code           int
	stdout, stderr string
}

// gatehouse runs the program in an empty folder.
func gatehouse(t *testing.T, env []string, args ...string) outcome {
	t.Helper()
	return gatehouseIn(t, t.TempDir(), env, args...)
}

func gatehouseIn(t *testing.T, dir string, env []string, args ...string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	a := &app{env: env, stdin: strings.NewReader(""), stdout: &stdout, stderr: &stderr, dir: dir}
	code := a.execute(t.Context(), args)
	out := outcome{code, stdout.String(), stderr.String()}
	if strings.Contains(out.stdout+out.stderr, testToken) {
		t.Errorf("gatehouse %v shows the token", args)
	}
	return out
}

// complete is the least environment that a run needs.
func complete(apiBase string, more ...string) []string {
	return append([]string{"DISCORD_TOKEN=" + testToken, "XDG_STATE_HOME=" + os.TempDir(), "GATEHOUSE_SINKS_0_URL=http://127.0.0.1:1/events", "GATEHOUSE_DISCORD_API_BASE=" + apiBase}, more...)
}

func TestBadUsageIsOneLineAndExitCode2(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"rn"}, `unknown command "rn"; did you mean "run"?`},
		{[]string{"frobnicate"}, `unknown command "frobnicate"; gatehouse --help lists them`},
		{[]string{"config", "shwo"}, `unknown command "shwo"; did you mean "show"?`},
		{[]string{"run", "now"}, `gatehouse run takes no argument "now"; gatehouse run --help shows what it takes`},
		{[]string{"run", "--no-tiu"}, `unknown flag --no-tiu; did you mean --no-tui?`},
		{[]string{"demo", "--shard", "3"}, `unknown flag --shard; did you mean --shards?`},
		{[]string{"demo", "--shards", "many"}, `--shards: "many" is not a whole number`},
		{[]string{"demo", "--duration", "10"}, `--duration: "10" is not a duration such as 10s or 5m`},
		{[]string{"demo", "--shards", "0"}, `--shards: 0 is out of range; allowed: 1 to 4096`},
		{[]string{"demo", "--rate", "-1"}, `--rate: -1 is out of range; allowed: 0 to 100000`},
		{[]string{"demo", "--recommend", "1"}, `--recommend: 1 is out of range; allowed for 4000 guilds: 2 to 4096`},
		{[]string{"demo", "--reshard-at", "20s", "--duration", "10s"}, `--reshard-at: 20s is not before the end, --duration 10s; leave it half a minute`},
		{[]string{"demo", "--reshard-at", "-1s"}, `--reshard-at: -1s is below zero; 0 means not at all`},
		{[]string{"demo", "--reshard-at", "1s", "--reshard-to", "1"}, `--reshard-to: 1 is out of range; allowed for 4000 guilds: 2 to 4096`},
		{[]string{"demo", "--reshard-to", "16"}, `--reshard-to: 16 needs --reshard-at, the time at which the demo reshards, such as 10s`},
		{[]string{"demo", "--compress", "gzip"}, `--compress: "gzip" is not known; allowed: zlib-stream, zstd-stream, payload, none`},
		{[]string{"version", "-o", "xml"}, `--output: "xml" is not known; allowed: text, json`},
		{[]string{"run", "--set", "log.level"}, `--set: "log.level" is not of the form key=value; write one such as log.level=debug`},
		{[]string{"run", "--set", "log.level=loud"}, `config: log.level: "loud" is not known (command line); allowed: debug, info, warn, error`},
		{[]string{"config", "init", "--config", "x.toml"}, `--config: "x.toml" does not end in .yaml; init writes YAML only`},
		{[]string{"run", "--config", "/nowhere/g.yaml"}, `config: /nowhere/g.yaml: cannot be read: no such file or directory; check the path, or run gatehouse config init`},
	} {
		got := gatehouse(t, nil, c.args...)
		if got.code != exitUsage || got.stderr != "gatehouse: "+c.want+"\n" || got.stdout != "" {
			t.Errorf("gatehouse %v: code %d\n got %s\nwant gatehouse: %s", c.args, got.code, got.stderr, c.want)
		}
	}
}

func TestAStartWithoutTokenSaysHowToGiveIt(t *testing.T) {
	for _, args := range [][]string{nil, {"run"}, {"run", "--no-tui"}} {
		got := gatehouse(t, nil, args...)
		lines := strings.Split(strings.TrimSpace(got.stderr), "\n")
		if got.code != exitUsage || len(lines) != 2 || !strings.HasPrefix(lines[0], "gatehouse: config: discord.token: missing; set DISCORD_TOKEN") {
			t.Errorf("gatehouse %v: code %d, %q", args, got.code, got.stderr)
		}
	}
}

func TestDiscordsAnswersDecideTheExitCode(t *testing.T) {
	for _, c := range []struct {
		name   string
		status int
		code   int
		want   string
	}{
		{"token refused", http.StatusUnauthorized, exitRefused, "gatehouse: discord.token (DISCORD_TOKEN): discord answered 401 (nope): "},
		{"forbidden", http.StatusForbidden, exitRefused, "gatehouse: discord.api_base http://"},
		{"no such route", http.StatusNotFound, exitUsage, "(GATEHOUSE_DISCORD_API_BASE): discord answered 404 (nope): "},
	} {
		api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(c.status)
			io.WriteString(w, `{"message":"nope"}`)
		}))
		got := gatehouse(t, complete(api.URL+"/api/v10"), "run", "--no-tui", "--set", "log.level=error")
		api.Close()
		if got.code != c.code || !strings.Contains(got.stderr, c.want) || strings.Count(got.stderr, "\n") != 1 {
			t.Errorf("%s: code %d, want %d:\n%s", c.name, got.code, c.code, got.stderr)
		}
	}
}

func TestAnAddressWhereNothingListensIsOneLine(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	base := "http://" + l.Addr().String() + "/api/v10"
	l.Close()
	got := gatehouse(t, complete(base), "run", "--no-tui", "--set", "log.level=error")
	want := "gatehouse: discord.api_base " + base + " (GATEHOUSE_DISCORD_API_BASE): ask "
	if got.code != exitUsage || !strings.HasPrefix(got.stderr, want) || !strings.Contains(got.stderr, "connection refused") || strings.Count(got.stderr, "\n") != 1 {
		t.Errorf("code %d:\n%s", got.code, got.stderr)
	}
}

func TestALogFileThatCannotBeWrittenIsOneLine(t *testing.T) {
	got := gatehouse(t, complete("http://127.0.0.1:1/api/v10", "GATEHOUSE_LOG_FILE=/nowhere/at/all.log"), "run")
	if got.code != exitUsage || !strings.HasPrefix(got.stderr, "gatehouse: config: log.file: cannot be written: ") || strings.Count(got.stderr, "\n") != 1 {
		t.Errorf("code %d:\n%s", got.code, got.stderr)
	}
}

func TestInitShowRoundTrip(t *testing.T) {
	dir := t.TempDir()
	if got := gatehouseIn(t, dir, nil, "config", "init"); got.code != exitDone {
		t.Fatalf("config init: %d %s", got.code, got.stderr)
	}
	path := filepath.Join(dir, "gatehouse.yaml")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the file has mode %o, want 600", info.Mode().Perm())
	}
	again := gatehouseIn(t, dir, nil, "config", "init")
	if again.code != exitUsage || again.stderr != "gatehouse: "+path+" is there already; --force overwrites it\n" {
		t.Errorf("a second init: %d %s", again.code, again.stderr)
	}
	if forced := gatehouseIn(t, dir, nil, "config", "init", "--force"); forced.code != exitDone {
		t.Errorf("init --force: %d %s", forced.code, forced.stderr)
	}
	shown := gatehouseIn(t, dir, []string{"DISCORD_TOKEN=" + testToken, "GATEHOUSE_SINKS_0_AUTHORIZATION=hush-hush"}, "config", "show")
	if shown.code != exitDone {
		t.Fatalf("config show: %d %s", shown.code, shown.stderr)
	}
	for key, want := range map[string]string{
		"discord.token":          "[set] DISCORD_TOKEN",
		"discord.intents":        "[Guilds, GuildMessages] " + path + ":",
		"sinks[0].authorization": "[set] GATEHOUSE_SINKS_0_AUTHORIZATION",
		"queue.memory":           "256MiB default",
	} {
		if got := shownLine(shown.stdout, key); !strings.HasPrefix(got, key+" "+want) {
			t.Errorf("config show says %q, want %q", got, key+" "+want)
		}
	}
	if strings.Contains(shown.stdout, "hush") {
		t.Error("config show shows a secret")
	}
}

// shownLine is the line of a key, with single spaces.
func shownLine(table, key string) string {
	for line := range strings.SplitSeq(table, "\n") {
		if fields := strings.Fields(line); len(fields) > 0 && fields[0] == key {
			return strings.Join(fields, " ")
		}
	}
	return ""
}

func TestVersion(t *testing.T) {
	if got := gatehouse(t, nil, "version"); got.code != exitDone || !strings.HasPrefix(got.stdout, "gatehouse ") {
		t.Errorf("version: %+v", got)
	}
	got := gatehouse(t, nil, "version", "-o", "json")
	var b build
	if err := json.Unmarshal([]byte(got.stdout), &b); err != nil || b.Version == "" || b.Go == "" {
		t.Errorf("version -o json: %+v %v", got, err)
	}
}

func TestHelpNamesEveryCommand(t *testing.T) {
	got := gatehouse(t, nil, "--help")
	for _, name := range []string{"run", "demo", "sim", "config", "version", "completion"} {
		if !strings.Contains(got.stdout, "\n  "+name+" ") {
			t.Errorf("--help does not name %s", name)
		}
	}
	if got.code != exitDone || got.stderr != "" {
		t.Errorf("--help: %d %q", got.code, got.stderr)
	}
}

// run is the whole program with the given streams.
func run(ctx context.Context, args, env []string, stdin io.Reader, stdout, stderr io.Writer) int {
	a := &app{env: env, stdin: stdin, stdout: stdout, stderr: stderr}
	return a.execute(ctx, args)
}
