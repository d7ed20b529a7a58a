package control

import (
	"encoding/json"
	"testing"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

func TestAsManyShardsAsAllowedFitIntoTheBody(t *testing.T) {
	ids := make([]int, maxShardsNamed)
	for i := range ids {
		ids[i] = i
	}
	for _, n := range []int{4096, 8192, 12000, 16384, maxShardsNamed} {
		body, _ := plainJSON(wireSend(ops.Send{Op: 3, Data: json.RawMessage(`{"status":"idle"}`), Shards: ids[:n]}))
		if len(body) > maxSend {
			t.Errorf("%d shards are %d bytes; the server takes %d", n, len(body), maxSend)
		}
	}
}

func TestAnEmptyAnswerDoesNotSpoilTheRest(t *testing.T) {
	if _, err := plainJSON(wireSent(ops.Sent{Answers: []json.RawMessage{{}, json.RawMessage(`{}`)}})); err != nil {
		t.Error(err)
	}
}
