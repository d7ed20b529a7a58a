package gateway

import "bytes"

// seam is what stands between two JSON objects that follow each other. Within
// one it can occur in a string only: after a brace that closes come a comma,
// another closing bracket, or the end.
var seam = []byte("}{")

// firstMessage is the first of the messages that one frame has brought. Discord
// sends one message a frame; whoever stands between may have joined them, and
// then each must reach the bot. To look for flushes of the stream would not do:
// they are no more than Discord's habit, and zstd and payload compression have
// no trace of them, while a message is a JSON object in every case.
//
// What is no row of objects is returned whole, for the scanner to refuse.
func firstMessage(messages []byte) []byte {
	if !bytes.Contains(messages, seam) {
		return messages
	}
	depth, quoted := 0, false
	for i := 0; i < len(messages); i++ {
		switch b := messages[i]; {
		case quoted && b == '\\':
			i++
		case b == '"':
			quoted = !quoted
		case quoted:
		case b == '{' || b == '[':
			depth++
		case b == '}' || b == ']':
			depth--
			if depth <= 0 {
				return messages[: i+1 : i+1]
			}
		}
	}
	return messages
}
