package config

import (
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// The written file must load as it is, and mean the defaults and one sink.
func TestTheTemplateLoads(t *testing.T) {
	loaded, err := loadYAML(t, Template(), "DISCORD_TOKEN="+testToken)
	if err != nil {
		t.Fatalf("%v\n%s", err, Template())
	}
	if err := loaded.Check(); err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Discord.Token = loaded.Discord.Token
	want.Queue.Dir = loaded.Queue.Dir
	sink := defaultSink()
	sink.Name, sink.URL = "bot", "http://127.0.0.1:8080/events"
	want.Sinks = []Sink{sink}
	if !reflect.DeepEqual(loaded.Config, want) {
		t.Errorf("got  %+v\nwant %+v", loaded.Config, want)
	}
}

// What stands in comments must be the defaults: taking every comment away from
// the keys may not change anything.
func TestTheTemplatesCommentsAreTheDefaults(t *testing.T) {
	commented := regexp.MustCompile(`(?m)^( +)# ([a-z_.]+: )`)
	all := commented.ReplaceAllString(Template(), "$1$2")
	loaded, err := loadYAML(t, all)
	if err != nil {
		t.Fatalf("%v\n%s", err, all)
	}
	want := Default()
	want.Queue.Dir = loaded.Queue.Dir
	for _, k := range keys() {
		if _, set := loaded.Sources[k.path]; !set {
			t.Errorf("%s is not in the template", k.path)
		}
		if got := k.show(&loaded.Config); got != k.show(&want) {
			t.Errorf("%s: the template says %s, the default is %s", k.path, got, k.show(&want))
		}
	}
	for _, k := range sinkKeys() {
		if !strings.Contains(all, "    "+k.path+": ") {
			t.Errorf("sinks[].%s is not in the template", k.path)
		}
	}
}

func TestSettingsShowEveryKeyAndNoSecret(t *testing.T) {
	const secret = "very-secret-value"
	loaded, err := loadYAML(t, "discord.rest_authorization: "+secret+"\nsinks: [{url: 'http://bot', authorization: "+secret+"}]", "DISCORD_TOKEN="+testToken)
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]string{}
	for _, s := range loaded.Settings() {
		shown[s.Key] = s.Value
		if strings.Contains(s.Value, secret) || strings.Contains(s.Value, testToken) {
			t.Errorf("%s shows its secret", s.Key)
		}
	}
	if want := len(keys()) + len(sinkKeys()); len(shown) != want {
		t.Errorf("%d settings, want %d", len(shown), want)
	}
	for _, key := range []string{"discord.token", "discord.rest_authorization", "sinks[0].authorization"} {
		if shown[key] != "[set]" {
			t.Errorf("%s is shown as %q", key, shown[key])
		}
	}
}
