package discordtest

import (
	"encoding/base64"
	"strconv"
	"strings"
)

// fallbackApp is the bot's id if its token does not name one.
const fallbackApp = 1106150344807325733

// appOf is the bot's id: the first part of a token, in base64 (as libraries read
// it, too).
func appOf(token string) uint64 {
	first, _, _ := strings.Cut(token, ".")
	text, err := base64.RawStdEncoding.DecodeString(first)
	if err != nil {
		return fallbackApp
	}
	id, err := strconv.ParseUint(string(text), 10, 64)
	if err != nil {
		return fallbackApp
	}
	return id
}
