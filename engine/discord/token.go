package discord

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"log/slog"
	"strings"
)

// Token is a bot token that refuses to be printed: every formatting verb, log
// handler and encoder shows a placeholder. Only [Token.Reveal] gives the text.
type Token struct{ secret string }

// redacted stands wherever a token would have been printed.
const redacted = "[token]"

// NewToken wraps a token. A leading "Bot " and white space around it are cut.
func NewToken(secret string) Token {
	secret = strings.TrimSpace(secret)
	return Token{strings.TrimSpace(strings.TrimPrefix(secret, "Bot "))}
}

// Reveal is the bare token, for the wire alone.
func (t Token) Reveal() string { return t.secret }

// IsZero reports whether there is no token.
func (t Token) IsZero() bool { return t.secret == "" }

// Fingerprint tells tokens apart without giving them away: twelve hex digits of
// a digest.
func (t Token) Fingerprint() string {
	sum := sha256.Sum256([]byte("gatehouse token " + t.secret))
	return hex.EncodeToString(sum[:6])
}

// Bot is the id of the bot that the token is for, which is no secret and stays
// when the token is reset; empty if the token does not tell.
func (t Token) Bot() string {
	first, _, _ := strings.Cut(t.secret, ".")
	id, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(first, "="))
	if err != nil || len(id) == 0 || strings.Trim(string(id), "0123456789") != "" {
		return ""
	}
	return string(id)
}

// String is a placeholder.
func (t Token) String() string { return redacted }

// GoString is a placeholder.
func (t Token) GoString() string { return redacted }

// MarshalText is a placeholder.
func (t Token) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue is a placeholder.
func (t Token) LogValue() slog.Value { return slog.StringValue(redacted) }

// Redact replaces the token wherever it stands in text.
func (t Token) Redact(text string) string {
	if t.secret == "" {
		return text
	}
	return strings.ReplaceAll(text, t.secret, redacted)
}
