package config

import (
	"fmt"
	"strings"
)

// Template is a commented gatehouse.yaml: every key with its meaning and its
// default. What a first run needs is written out, the rest is commented out.
func Template() string {
	var b strings.Builder
	b.WriteString(`# Configuration of Gatehouse. Keys in comments show their defaults.
# Every key can also be given as an environment variable: GATEHOUSE_ and the
# path in capitals, such as GATEHOUSE_DISCORD_API_BASE; that beats this file.
`)
	section := ""
	c := Default()
	for _, k := range keys() {
		name, rest, _ := strings.Cut(k.path, ".")
		if name != section {
			if section == "discord" {
				writeSinks(&b)
			}
			section = name
			b.WriteString("\n" + section + ":\n")
		}
		writeKey(&b, "  ", rest, k.doc, templateValue(k, &c), k.path == "discord.intents")
	}
	return b.String()
}

// templateValue is what the template shows for a key.
func templateValue[S any](k key[S], s *S) string {
	switch {
	case k.secret:
		return `""`
	case k.usual != "":
		return k.usual
	default:
		return k.show(s)
	}
}

// writeKey writes a comment and the key on a line of its own, in or out of
// comment. A key below a section of a section keeps its dots, which the loader
// takes as well.
func writeKey(b *strings.Builder, indent, path, doc, value string, live bool) {
	mark := "# "
	if live {
		mark = ""
	}
	fmt.Fprintf(b, "%s# %s\n%s%s%s: %s\n", indent, doc, indent, mark, path, value)
}

// writeSinks writes the list of sinks with one element.
func writeSinks(b *strings.Builder) {
	b.WriteString("\nsinks:\n  - # where events go: the bot\n")
	s := defaultSink()
	for _, k := range sinkKeys() {
		live := k.path == "name" || k.path == "kind" || k.path == "url"
		writeKey(b, "    ", k.path, k.doc, templateValue(k, &s), live)
	}
}
