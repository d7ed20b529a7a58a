package config

import "fmt"

// Setting is one key of the effective configuration, for display.
type Setting struct {
	Key    string
	Value  string // as a YAML file holds it; of a secret only whether it is set
	Source string
}

// Settings lists every key with its value and where that came from.
func (l *Loaded) Settings() []Setting {
	var out []Setting
	for _, k := range keys() {
		source := l.Sources[k.path]
		if k.path == "discord.token" && l.Discord.TokenFile != "" {
			source = l.Sources["discord.token_file"]
		}
		out = append(out, Setting{Key: k.path, Value: k.show(&l.Config), Source: source.String()})
	}
	for i := range l.Sinks {
		for _, k := range sinkKeys() {
			path := sinkPath(i, k.path)
			out = append(out, Setting{Key: path, Value: k.show(&l.Sinks[i]), Source: l.Sources[path].String()})
		}
	}
	return out
}

// Secrets lists every secret text of the configuration but the token, so that
// logs can be kept free of them.
func (l *Loaded) Secrets() []string {
	var out []string
	if s := l.Discord.RESTAuthorization; s != "" {
		out = append(out, s)
	}
	for _, sink := range l.Sinks {
		if sink.Authorization != "" {
			out = append(out, sink.Authorization)
		}
	}
	return out
}

// Summary is one line on where the configuration came from, for the log.
func (l *Loaded) Summary() string {
	file := l.File
	if file == "" {
		file = "no file"
	}
	return fmt.Sprintf("%s, %d keys set", file, len(l.Sources))
}
