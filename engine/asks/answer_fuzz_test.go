package asks

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/discord"
)

// FuzzAnswer: whatever Discord sends, it comes out as well-formed as it came in, of
// the same type, and never with a nonce of ours where the asker had its own.
func FuzzAnswer(f *testing.F) {
	const nonce = "gh-0000000000000007-1"
	for _, kind := range []string{"GUILD_MEMBERS_CHUNK", "RATE_LIMITED", "SOUNDBOARD_SOUNDS", "CHANNEL_INFO", "MESSAGE_CREATE"} {
		f.Add(kind, fmt.Appendf(nil, chunkData, nonce, 5, 0, 2))
		f.Add(kind, fmt.Appendf(nil, chunkData, nonce, 6, 1<<30, 1<<31))
		f.Add(kind, []byte(`{"retry_after":1.5,"opcode":8,"meta":{"nonce":"`+nonce+`","guild_id":"5"}}`))
		f.Add(kind, []byte(`{"retry_after":1.5,"opcode":43,"meta":{"guild_id":"5"}}`))
	}
	f.Fuzz(func(t *testing.T, kind string, data []byte) {
		book := New(Config{Clock: clock.System(), Start: 7, Bytes: 1 << 12})
		a, err := book.Open(Request{Command: fullList(t, 5, "mine"), Keep: true})
		if err != nil || a.Nonce() != nonce {
			t.Fatal(a.Nonce(), err)
		}
		for _, c := range []discord.Command{
			command(t, 31, `{"guild_ids":["5","6"]}`), command(t, 43, `{"guild_id":"5","fields":["status"]}`),
		} {
			if _, err := book.Open(Request{Command: c, Keep: true}); err != nil {
				t.Fatal(err)
			}
		}
		name, _ := json.Marshal(kind)
		msg := fmt.Appendf(nil, `{"t":%s,"s":7,"op":0,"d":%s}`, name, data)
		var before, after discord.Frame
		if discord.Scan(msg, &before) != nil {
			return
		}
		whole := bytes.Clone(msg)
		for range 3 {
			got := book.Answer(string(before.Type), before.Data, msg)
			if err := discord.Scan(got.Msg, &after); err != nil || !bytes.Equal(after.Type, before.Type) {
				t.Fatalf("%v: %q became %q", err, msg, got.Msg)
			}
			var answer discord.Answer
			discord.ScanAnswer(string(after.Type), after.Data, &answer)
			if string(answer.Nonce) == nonce {
				t.Fatalf("our nonce got out: %q", got.Msg)
			}
			book.Sweep()
		}
		if !bytes.Equal(msg, whole) {
			t.Fatal("the message was changed")
		}
	})
}
