package config

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"github.com/gatehouse-gateway/gatehouse/engine"
	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/themes"
)

// parseToken checks a token for the mistakes that people make. It is lenient:
// Discord alone knows what a token is. No error holds a part of the token.
func parseToken(text string) (discord.Token, error) {
	const hint = "copy it from the developer portal, page Bot, \"Reset Token\""
	switch {
	case strings.HasPrefix(text, "Bearer "):
		return discord.Token{}, &valueError{"is an OAuth2 bearer token, not a bot token", hint}
	case text == "":
		return discord.Token{}, nil
	}
	token := discord.NewToken(text)
	bare := token.Reveal()
	switch {
	case strings.ContainsAny(bare, " \t\r\n\"'"):
		return discord.Token{}, &valueError{"holds white space or quotes", hint}
	case strings.ContainsAny(bare, "<>${}") || strings.Contains(strings.ToLower(bare), "token") && !strings.Contains(bare, "."):
		return discord.Token{}, &valueError{"is a placeholder", hint}
	case strings.Count(bare, ".") != 2:
		return discord.Token{}, &valueError{"is not a bot token: it has no three parts with dots between", hint}
	}
	for part := range strings.SplitSeq(bare, ".") {
		if part == "" || strings.ContainsFunc(part, notBase64) {
			return discord.Token{}, &valueError{"is not a bot token: a part is empty or holds a character that no token has", hint}
		}
	}
	return token, nil
}

func notBase64(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-_=+/", r)
}

// webURL reads an absolute http or https URL without secrets in it.
func webURL(raw any, example string) (*url.URL, error) {
	text, ok := raw.(string)
	if !ok {
		return nil, invalid(raw, "is not a URL", "write one such as "+example)
	}
	u, err := url.Parse(strings.TrimSpace(text))
	switch {
	case err == nil && u.User != nil:
		return nil, &valueError{"holds a user name or password", "put the secret into authorization and remove it here"}
	case err != nil || oneLine(text) != text:
		return nil, &valueError{"is not a URL", "write one such as " + example}
	case u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return nil, invalid(showURL(text), "is not an http or https URL", "write one such as "+example)
	case u.Fragment != "":
		return nil, invalid(showURL(text), "has a fragment (#…)", "remove it")
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return nil, invalid(showURL(text), "has no valid port", "allowed: 1 to 65535")
		}
	}
	return u, nil
}

// showURL is a URL for people: without its query, which may hold a secret.
func showURL(text string) string {
	if cut := strings.IndexAny(text, "?#"); cut >= 0 {
		return text[:cut]
	}
	return text
}

func apiBase(raw any) (string, error) {
	u, err := webURL(raw, DiscordAPI)
	if err != nil {
		return "", err
	}
	switch {
	case u.RawQuery != "":
		return "", invalid(showURL(u.String()), "has a query (?…)", "remove it")
	case isDiscord(u) && u.Scheme != "https":
		return "", invalid(raw, "would send the token in the clear", "write "+DiscordAPI)
	case isDiscord(u) && strings.TrimRight(u.Path, "/") != "/api/v10":
		return "", invalid(raw, "is not the API version that Gatehouse speaks", "write "+DiscordAPI)
	}
	return strings.TrimRight(u.String(), "/"), nil
}

// isDiscord reports whether a URL leads to Discord itself.
func isDiscord(u *url.URL) bool {
	host := strings.ToLower(u.Hostname())
	return host == "discord.com" || strings.HasSuffix(host, ".discord.com")
}

func sinkURL(raw any) (string, error) {
	u, err := webURL(raw, "http://127.0.0.1:8080/events")
	if err != nil {
		return "", err
	}
	return u.String(), nil
}

func compression(raw any) (Compression, error) {
	return oneOf(CompressZlib, CompressZstd, CompressPayload, CompressNone)(raw)
}

// presence reads a section, or its JSON in a text.
func presence(raw any) (json.RawMessage, error) {
	body := json.RawMessage(nil)
	if text, ok := raw.(string); ok {
		if strings.TrimSpace(text) == "" {
			return nil, nil
		}
		body = json.RawMessage(text)
	} else if encoded, err := json.Marshal(raw); err == nil {
		body = encoded
	}
	if !json.Valid(body) {
		return nil, &valueError{"is not valid JSON", `write a section, or JSON such as {"status":"online"}`}
	}
	if err := discord.ValidatePresence(body); err != nil {
		return nil, err
	}
	return body, nil
}

// amount reads a share ("10 %") or a number of session starts. Nothing is not
// allowed: who spends the last session start gets a token reset by Discord.
func amount(raw any) (engine.Amount, error) {
	const allowed = `allowed: a share from "1 %" to "90 %", or a number of session starts from 1`
	text, _ := raw.(string)
	if share, ok := strings.CutSuffix(strings.TrimSpace(text), "%"); ok {
		percent, err := strconv.ParseFloat(strings.TrimSpace(share), 64)
		if err != nil || !(percent >= 1 && percent <= 90) {
			return engine.Amount{}, invalid(raw, "is no such share", allowed)
		}
		return engine.Amount{Percent: percent}, nil
	}
	n, ok := integer(raw)
	if !ok || n < 1 || n > 1e6 {
		return engine.Amount{}, invalid(raw, "is no such number", allowed)
	}
	return engine.Amount{Count: int(n)}, nil
}

// recommended is the target that follows Discord's word; it is 0 shards.
const recommended = "recommended"

func reshardTarget(raw any) (int, error) {
	if text, ok := raw.(string); ok && strings.EqualFold(text, recommended) {
		return 0, nil
	}
	n, err := intRange(1, maxShards)(raw)
	if err != nil {
		return 0, invalid(raw, "is not known", "allowed: recommended, or a number of shards")
	}
	return n, nil
}

// The placements of shards on workers.
const (
	contiguous = "contiguous"
	roundRobin = "round_robin"
)

// placement reports whether shards are dealt out round robin.
func placement(raw any) (bool, error) {
	name, err := oneOf(contiguous, roundRobin)(raw)
	return name == roundRobin, err
}

// controlSocket reads the path of a socket, or off. The bound is the shortest
// that a system has for the address of a Unix socket (104 bytes with its end).
func controlSocket(raw any) (string, error) {
	const most = 103
	if off, ok := raw.(bool); ok && !off {
		return ControlOff, nil // what YAML makes of a bare off
	}
	text, err := textValue(raw)
	switch {
	case err != nil:
		return "", err
	case strings.EqualFold(text, ControlOff):
		return ControlOff, nil
	case strings.Contains(text, "://"):
		return "", &valueError{"is not the path of a socket", "write one such as /run/gatehouse/control.sock, or off"}
	case len(text) > most:
		return "", invalid(text, fmt.Sprintf("is too long for a socket: %d bytes", len(text)), fmt.Sprintf("allowed: up to %d bytes", most))
	}
	return text, nil
}

// themeMost is how long the name or path of a theme may be.
const themeMost = 300

// themeName takes the name of a built-in theme in any case, or else what may be one
// of the folder of themes, or the path of a file: that is seen when it is read.
func themeName(raw any) (string, error) {
	if name, err := oneOf(themes.Names()...)(raw); err == nil {
		return name, nil
	}
	text, err := textValue(raw)
	switch {
	case err != nil:
		return "", err
	case text == "" || len(text) > themeMost || strings.ContainsFunc(text, unicode.IsControl):
		return "", invalid(raw, "is not a theme", "allowed: a name, such as "+strings.Join(themes.Names()[:4], ", ")+", or the path of a file; gatehouse themes lists them")
	}
	return text, nil
}

func sinkName(raw any) (string, error) {
	text, err := textValue(raw)
	switch {
	case err != nil:
		return "", err
	case text == "" || len(text) > 32 || strings.ContainsFunc(text, notNameRune):
		return "", invalid(raw, "is not a name", "allowed: 1 to 32 letters, digits, hyphens, dots and underscores")
	}
	return text, nil
}

func notNameRune(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-_.", r)
}

func sinkKind(raw any) (string, error) {
	if text, ok := raw.(string); ok && strings.EqualFold(text, "websocket") {
		return "", invalid(raw, "is not supported by this version", "allowed: http")
	}
	return oneOf("http")(raw)
}

func sinkOrder(raw any) (string, error) {
	if text, ok := raw.(string); ok && strings.EqualFold(text, "guild") {
		return "", invalid(raw, "is not supported by this version", "allowed: shard")
	}
	return oneOf("shard")(raw)
}

// misspelt is the known name that differs from a name by one or two letters.
func misspelt(name string, known []string) string {
	best, distance := "", 3
	for _, k := range known {
		if d := Distance(name, k); d < distance {
			best, distance = k, d
		}
	}
	if distance == 0 {
		return ""
	}
	return best
}
