package config

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/gatehouse-gateway/gatehouse/engine/rules"
)

// Options says where to look for the configuration.
type Options struct {
	File  string         // path of the file; empty to look in the folders
	Dir   string         // working directory; empty for the process's
	Env   []string       // "NAME=value", as os.Environ gives it
	Flags map[string]any // by path of the key, such as log.level or sinks.0.url
}

// Loaded is a configuration and where it came from.
type Loaded struct {
	Config
	File     string            // that was read; empty for none
	Sum      [sha256.Size]byte // of the file's content
	Sources  map[string]Source // of every key that is not a default, by path; sinks[0].url for sinks
	Warnings []string          // one line each: not wrong, but worth knowing
}

// Load reads all layers and checks every value on its own. It returns an
// [*Error] that lists everything that is wrong. What only holds together for a
// run, such as the presence of a token, is left to [Loaded.Check].
func Load(o Options) (*Loaded, error) {
	l := newLayers()
	var sum [sha256.Size]byte
	file, err := locate(o)
	if err != nil {
		return nil, err
	}
	if file != "" {
		t, content, err := readTree(file)
		if err != nil {
			return nil, err
		}
		l.addFile(t, file)
		sum = content
	}
	l.addEnv(environment(o.Env))
	l.addFlags(o.Flags)
	out := &Loaded{Config: Default(), File: file, Sum: sum, Sources: map[string]Source{}}
	out.decode(l)
	out.fitMemory()
	out.checkKeyMap(l)
	out.decodeSinks(l)
	out.readToken(l)
	out.warnOfReaders()
	out.Queue.Dir = stateFolder(out.Queue.Dir, environment(o.Env))
	if len(l.problems) > 0 {
		return nil, &Error{Problems: l.problems}
	}
	return out, nil
}

// decode reads every key outside of sinks.
func (out *Loaded) decode(l *layers) {
	for _, k := range keys() {
		e, ok := l.get(k.path)
		if !ok {
			continue
		}
		if err := k.decode(&out.Config, e.raw); err != nil {
			l.problem(k.path, err, e.src)
			continue
		}
		out.Sources[k.path] = e.src
	}
}

// fitMemory brings queue.memory below a small queue.max_bytes, unless somebody
// has given it: then [Loaded.Check] says that they do not go together.
func (out *Loaded) fitMemory() {
	if _, given := out.Sources["queue.memory"]; !given {
		out.Queue.Memory = min(out.Queue.Memory, out.Queue.MaxBytes)
	}
}

func (out *Loaded) warn(format string, args ...any) {
	out.Warnings = append(out.Warnings, oneLine(fmt.Sprintf(format, args...)))
}

// decodeSinks reads the list of sinks, names those without a name, and checks
// what must hold for each.
func (out *Loaded) decodeSinks(l *layers) {
	for i, fields := range l.effectiveSinks() {
		s := defaultSink()
		for _, k := range sinkKeys() {
			e, ok := fields[k.path]
			if !ok {
				continue
			}
			if err := k.decode(&s, e.raw); err != nil {
				l.problem(sinkPath(i, k.path), err, e.src)
			}
			out.Sources[sinkPath(i, k.path)] = e.src
		}
		checkRules(l, i, s.Rules, fields)
		if _, given := fields["url"]; !given {
			l.problem(sinkPath(i, "url"), &valueError{"missing", "say where the bot listens, such as http://127.0.0.1:8080/events"}, Source{})
		}
		if s.Name == "" {
			s.Name = freeName(out.Sinks, s.Kind)
		}
		if slices.ContainsFunc(out.Sinks, func(other Sink) bool { return other.Name == s.Name }) {
			l.problem(sinkPath(i, "name"), invalid(s.Name, "is the name of another sink", "names must differ"), fields["name"].src)
		}
		out.Sinks = append(out.Sinks, s)
	}
}

// checkRules compiles the rules of a sink, to see whether they can be.
func checkRules(l *layers, i int, c rules.Config, fields map[string]entry) {
	bad := (*rules.Error)(nil)
	if _, err := rules.Compile(c); !errors.As(err, &bad) {
		return
	}
	field := bad.Key
	for field != "" && !slices.Contains(l.sinkKeys, field) { // sample.TYPING_START is of sample
		field = field[:max(0, strings.LastIndexByte(field, '.'))]
	}
	l.problem(sinkPath(i, bad.Key), ruleProblem(bad, c.When), fields[field].src)
}

// freeName is the kind, then kind-2 and so on.
func freeName(sinks []Sink, kind string) string {
	for n := 1; ; n++ {
		name := kind
		if n > 1 {
			name = fmt.Sprintf("%s-%d", kind, n)
		}
		if !slices.ContainsFunc(sinks, func(s Sink) bool { return s.Name == name }) {
			return name
		}
	}
}

// readToken reads discord.token_file, unless a higher layer gives the token.
func (out *Loaded) readToken(l *layers) {
	direct, hasToken := l.get("discord.token")
	path, hasFile := l.get("discord.token_file")
	switch {
	case !hasFile || out.Discord.TokenFile == "":
		return
	case hasToken && direct.src.Layer == path.src.Layer:
		l.problem("discord.token_file", &valueError{"discord.token is given too", "keep one of them"}, path.src)
		return
	case hasToken && direct.src.Layer > path.src.Layer:
		out.Discord.TokenFile = ""
		return
	}
	if err := out.tokenFrom(out.Discord.TokenFile); err != nil {
		l.problem("discord.token_file", err, path.src)
	}
}

// tokenFrom reads the token and looks at who else can.
func (out *Loaded) tokenFrom(path string) error {
	const most = 4096
	data, err := readFile(path, most)
	if err != nil {
		return &valueError{quote(path) + " cannot be read: " + cause(err), "check the path and its permissions"}
	}
	text := strings.TrimSpace(string(data))
	if text == "" {
		return &valueError{quote(path) + " is empty", "write the bot token into it"}
	}
	if out.Discord.Token, err = parseToken(text); err != nil {
		bad := (*valueError)(nil)
		if errors.As(err, &bad) {
			return &valueError{"the token in " + quote(path) + " " + bad.what, bad.hint}
		}
		return err
	}
	if worldReadable(path) {
		out.warn("discord.token_file: every user of this machine can read %q; run chmod 600", path)
	}
	return nil
}

// warnOfReaders looks at who else can read a file that holds secrets.
func (out *Loaded) warnOfReaders() {
	if out.File == "" || !worldReadable(out.File) {
		return
	}
	for key, src := range out.Sources {
		if src.Layer == LayerFile && isSecret(key) {
			out.warn("%s holds secrets, and every user of this machine can read it; run chmod 600", out.File)
			return
		}
	}
}

func worldReadable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().Perm()&0o004 != 0
}

// isSecret reports whether the value of a key is never shown.
func isSecret(path string) bool {
	if rest, ok := strings.CutPrefix(path, "sinks["); ok {
		_, path, _ = strings.Cut(rest, "].")
		k, _ := find(sinkKeys(), path)
		return k.secret
	}
	k, _ := find(keys(), path)
	return k.secret
}
