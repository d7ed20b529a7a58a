package config

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// environment is the variables as a map; the last of equal names wins.
func environment(env []string) map[string]string {
	m := make(map[string]string, len(env))
	for _, line := range env {
		if name, value, ok := strings.Cut(line, "="); ok {
			m[name] = value
		}
	}
	return m
}

// addEnv reads every variable that begins with GATEHOUSE_, and DISCORD_TOKEN.
// An empty variable counts as not set, since that is how container tools write
// one that is missing.
func (l *layers) addEnv(env map[string]string) {
	byVariable := map[string]string{}
	for _, path := range l.keys {
		byVariable[variable(path)] = path
	}
	if token := env["DISCORD_TOKEN"]; token != "" {
		l.values.Set("discord.token", entry{token, Source{Layer: LayerEnv, Name: "DISCORD_TOKEN"}})
	}
	for _, name := range slices.Sorted(maps.Keys(env)) {
		value := env[name]
		if !strings.HasPrefix(name, envPrefix) || value == "" || foreignVariable(name) {
			continue
		}
		src := Source{Layer: LayerEnv, Name: name}
		path, known := byVariable[name]
		switch {
		case known:
			l.values.Set(path, entry{value, src})
		case name == envPrefix+"SINKS":
			l.jsonSinks(value, src)
		case l.sinkVariable(name, value, src):
		default:
			l.unknownVariable(name, byVariable)
		}
	}
}

// sinkVariable reads GATEHOUSE_SINKS_0_URL and the like.
func (l *layers) sinkVariable(name, value string, src Source) bool {
	rest, ok := strings.CutPrefix(name, envPrefix+"SINKS_")
	if !ok {
		return false
	}
	number, field, ok := strings.Cut(rest, "_")
	i, err := strconv.Atoi(number)
	if !ok || err != nil || i < 0 {
		return false
	}
	for _, path := range l.sinkKeys {
		if strings.ToUpper(strings.ReplaceAll(path, ".", "_")) == field {
			l.setSink(i, path, entry{value, src})
			return true
		}
	}
	l.problem(sinkPath(i, strings.ToLower(field)), l.unknownSink(strings.ToLower(field)), src)
	return true
}

func (l *layers) setSink(i int, field string, e entry) {
	if l.overlay[i] == nil {
		l.overlay[i] = map[string]entry{}
	}
	l.overlay[i][field] = e
}

// jsonSinks reads the whole list from one variable.
func (l *layers) jsonSinks(value string, src Source) {
	var v any
	decoder := json.NewDecoder(strings.NewReader(value))
	decoder.UseNumber()
	err := decoder.Decode(&v)
	if err != nil || decoder.More() {
		l.problem("sinks", &valueError{"is not valid JSON", `write a list such as [{"url":"http://127.0.0.1:8080/events"}]`}, src)
		return
	}
	l.fileSinks(treeOf(v), src, src.Name)
}

func (l *layers) unknownVariable(name string, byVariable map[string]string) {
	src := Source{}
	for _, lack := range lackingKeys() {
		if variable(lack.path) == name {
			err, _ := notSupported(lackingKeys(), lack.path)
			l.problem(name, err, src)
			return
		}
	}
	hint := "names are GATEHOUSE_ and the key's path in capitals, such as GATEHOUSE_DISCORD_API_BASE"
	best, distance := "", len(name)/3
	for known := range byVariable {
		if d := Distance(name, known); d < distance || d == distance && known < best {
			best, distance = known, d
		}
	}
	if best != "" {
		hint = "did you mean " + best + "?"
	}
	l.problem(name, &valueError{"unknown environment variable", hint}, src)
}

// addFlags takes values from the command line, by path; a field of a sink is
// sinks.0.url. Secrets are refused: every user of the machine can read them.
func (l *layers) addFlags(flags map[string]any) {
	for _, path := range slices.Sorted(maps.Keys(flags)) {
		src := Source{Layer: LayerFlag, Name: "command line"}
		e := entry{flags[path], src}
		i, field, isSink := splitSinkPath(path)
		switch {
		case isSink && slices.Contains(l.sinkKeys, field):
			if k, _ := find(sinkKeys(), field); k.secret {
				l.problem(sinkPath(i, field), secretOnCommandLine(), src)
				continue
			}
			l.setSink(i, field, e)
		case isSink:
			l.problem(sinkPath(i, field), l.unknownSink(field), src)
		case slices.Contains(l.keys, path):
			if k, _ := find(keys(), path); k.secret {
				l.problem(path, secretOnCommandLine(), src)
				continue
			}
			l.values.Set(path, e)
		default:
			l.problem(path, l.unknown(path), src)
		}
	}
}

func secretOnCommandLine() error {
	return &valueError{"is a secret, and every user of this machine can read the command line", "use the environment or a file"}
}

// splitSinkPath takes sinks.0.url apart.
func splitSinkPath(path string) (i int, field string, ok bool) {
	rest, ok := strings.CutPrefix(path, "sinks.")
	if !ok {
		return 0, "", false
	}
	number, field, ok := strings.Cut(rest, ".")
	i, err := strconv.Atoi(number)
	return i, field, ok && err == nil && i >= 0
}
