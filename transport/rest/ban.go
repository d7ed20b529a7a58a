package rest

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// BanError is an answer of Cloudflare, which stands before Discord and does not
// let this machine's address through: after too many refused requests (Discord
// docs, Rate limits: invalid request limit), or for reasons of its own. It is not
// the token's fault, and asking on makes it worse.
type BanError struct {
	Status     int           // HTTP status, 403 or 429
	Code       int           // Cloudflare's, such as 1015, or Discord's 40333; 0 if there is none
	Message    string        // of the answer, cut to one short line, without secrets
	RetryAfter time.Duration // 0 if it did not tell
}

func (e *BanError) Error() string {
	what := fmt.Sprintf("discord answered %d", e.Status)
	if e.Message != "" {
		what += " (" + e.Message + ")"
	}
	wait := "most bans end within an hour"
	if e.RetryAfter > 0 {
		wait = "it ends in " + e.RetryAfter.Round(time.Second).String()
	}
	return what + ": Cloudflare, before Discord, has banned this machine's address for a while, whatever the token: " +
		wait + ", if nothing on this address asks on meanwhile"
}

// BannedFor is how long the ban lasts, as far as told; else 0.
func (e *BanError) BannedFor() time.Duration { return e.RetryAfter }

// blockedCode is Discord's code for a request that Cloudflare has blocked
// (Discord docs, Opcodes and status codes).
const blockedCode = 40333

// blockedPhrase begins the message that Cloudflare holds ready for addresses
// that Discord has banned (observed: discord-api-docs#5810).
const blockedPhrase = "you are being blocked from accessing our api"

// cloudflareCode finds Cloudflare's own errors, 1000 to 1299: in "error code:
// 1015", which is all that programs get, and in its page for people.
var cloudflareCode = regexp.MustCompile(`(?i)\berror(?:\s+code)?\s*:?\s*(?:<[^>]{0,200}>\s*){0,4}(1[0-2]\d\d)\b`)

// ban tells an answer of Cloudflare about this address from one of Discord. Its
// codes are looked for in what is not JSON alone, where a number may mean anything.
func ban(a answer, said errorBody) (code int, is bool) {
	if a.status != http.StatusForbidden && a.status != http.StatusTooManyRequests {
		return 0, false
	}
	if said.json {
		return said.code, said.code == blockedCode || strings.HasPrefix(strings.ToLower(said.message), blockedPhrase)
	}
	if found := cloudflareCode.FindSubmatch(a.body); found != nil {
		code, _ = strconv.Atoi(string(found[1]))
		return code, true
	}
	// A page of Cloudflare without a code, such as a challenge. Discord itself
	// answers in JSON.
	return 0, len(a.body) > 0 && strings.EqualFold(a.header.Get("Server"), "cloudflare")
}
