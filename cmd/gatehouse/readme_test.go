package main

import (
	"bufio"
	"context"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/cmd/gatehouse/internal/config"
	"github.com/gatehouse-gateway/gatehouse/engine/event"
	httpsink "github.com/gatehouse-gateway/gatehouse/transport/sink/http"
)

// The bots that README offers to copy are run as they stand.
func TestTheBotsInReadmeTakeEvents(t *testing.T) {
	for _, bot := range []struct{ language, file, program string }{
		{"js", "bot.mjs", "node"},
		{"python", "bot.py", "python3"},
	} {
		t.Run(bot.language, func(t *testing.T) {
			program, err := exec.LookPath(bot.program)
			if err != nil {
				t.Skipf("%s is not installed", bot.program)
			}
			source := readmeBlock(t, bot.language)
			if lines := strings.Count(source, "\n"); lines > 20 {
				t.Errorf("%d lines are too many to copy", lines)
			}
			file := filepath.Join(t.TempDir(), bot.file)
			if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
				t.Fatal(err)
			}
			tryBot(t, program, file)
		})
	}
}

// The configurations that README shows are taken as they stand.
func TestTheConfigurationsInReadmeAreTaken(t *testing.T) {
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(text), "```yaml\n")[1:]
	if len(blocks) < 2 {
		t.Fatalf("README has %d configurations", len(blocks))
	}
	for _, block := range blocks {
		block, _, _ = strings.Cut(block, "```")
		if !strings.Contains(block, "url: ") {
			block = strings.Replace(block, "name: bot\n", "name: bot\n    url: http://127.0.0.1:8080/events\n", 1)
		}
		path := filepath.Join(t.TempDir(), "gatehouse.yaml")
		write(t, path, block)
		loaded, err := config.Load(config.Options{File: path, Env: []string{"DISCORD_TOKEN=" + testToken}})
		if err == nil {
			err = loaded.Check()
		}
		if err != nil {
			t.Errorf("%v\n%s", err, block)
		}
	}
}

// readmeBlock is the first block of a language in README.
func readmeBlock(t *testing.T, language string) string {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "```"+language+"\n")
	if !found {
		t.Fatalf("README has no block in %s", language)
	}
	block, _, _ := strings.Cut(rest, "```")
	return block
}

// tryBot delivers one event, and a group of two, and reads what the bot prints.
func tryBot(t *testing.T, program, file string) {
	t.Helper()
	port := freePort(t)
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, file)
	cmd.Env = append(os.Environ(), "PORT="+strconv.Itoa(port), "GATEHOUSE_SECRET=readme")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cancel()

	sink, err := httpsink.New(httpsink.Config{
		URL:           &url.URL{Scheme: "http", Host: "127.0.0.1:" + strconv.Itoa(port), Path: "/"},
		Authorization: "readme",
	})
	if err != nil {
		t.Fatal(err)
	}
	defer sink.Close()
	for sink.Deliver(ctx, botEvents(1), 1) != nil && ctx.Err() == nil {
		// The bot is still starting.
	}
	if err := sink.Deliver(ctx, botEvents(2, 3), 1); err != nil {
		t.Fatal(err)
	}
	printed := bufio.NewScanner(out)
	for _, want := range []string{"-1", "-2", "-3"} {
		if !printed.Scan() || !strings.HasPrefix(printed.Text(), "shard 3: MESSAGE_CREATE ") || !strings.HasSuffix(printed.Text(), want) {
			t.Errorf("the bot printed %q, want event %s", printed.Text(), want)
		}
	}
}

func botEvents(seqs ...int64) []event.Event {
	var events []event.Event
	for _, seq := range seqs {
		events = append(events, event.Event{
			ID: event.ID{Session: 7, Seq: seq}, ShardID: 3, Shards: 8, Type: "MESSAGE_CREATE",
			Data: []byte(`{"t":"MESSAGE_CREATE","s":` + strconv.FormatInt(seq, 10) + `,"op":0,"d":{"content":"hé"}}`),
		})
	}
	return events
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
