package httpsink

import (
	"strings"
	"testing"
)

func TestAddressesThatWork(t *testing.T) {
	for _, text := range []string{
		"http://127.0.0.1:8080/events", "https://bot.example", "http://[::1]:80/", "http://localhost/a?key=value", " http://x ",
	} {
		if _, err := ParseURL(text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestAddressesThatDoNotSayWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"":                       "no scheme",
		"127.0.0.1:8080/events":  "cannot be parsed",
		"bot.example/events":     "no scheme",
		"localhost:8080":         `its scheme is "localhost": use http or https`,
		"ftp://bot.example":      `its scheme is "ftp": use http or https`,
		"http://":                "names no host",
		"http:///events":         "names no host",
		"http://:8080/":          "names no host",
		"http://me:pw@host/":     "authorization instead",
		"http://me@host/":        "authorization instead",
		"http://host/#part":      "fragment",
		"http://host/#":          "fragment",
		"http://host:0/":         "port",
		"http://host:/":          "port",
		"http://host:http/":      "cannot be parsed",
		"http://host/\x7f":       "cannot be parsed",
		"http://bad host/secret": "cannot be parsed",
	} {
		_, err := ParseURL(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
			continue
		}
		if strings.Contains(err.Error(), "pw") || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: shows too much: %v", text, err)
		}
	}
}

func TestSettingsThatCannotWork(t *testing.T) {
	u, _ := ParseURL("http://127.0.0.1:8080")
	for want, config := range map[string]Config{
		"url of the sink":           {},
		"authorization of the sink": {URL: u, Authorization: "a\r\nX: y"},
		"user agent of the sink":    {URL: u, UserAgent: "a\nb"},
		"timeout and connections":   {URL: u, Timeout: -1},
	} {
		if _, err := New(config); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if _, err := New(Config{URL: u, Authorization: "Bearer with spaces, and \"quotes\""}); err != nil {
		t.Error(err)
	}
}
