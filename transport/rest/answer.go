package rest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
)

// longestReset is the longest time to the budget's reset, which comes once a day
// (Discord docs, Gateway: session start limit).
const longestReset = 24 * time.Hour

// most bounds numbers that no bot can have, so that nothing overflows.
const most = 1 << 30

// parseGatewayBot reads the answer of GET /gateway/bot. Numbers that would
// mislead the engine are errors. A missing max_concurrency is 1, as for any bot
// that Discord has not told otherwise. A proxy may leave the session_start_limit
// out: its total of 0 then says that the budget is not known.
func parseGatewayBot(body []byte) (discord.GatewayBot, error) {
	var gateway discord.GatewayBot
	if err := json.Unmarshal(body, &gateway); err != nil {
		return gateway, errors.New("the answer is not the JSON expected")
	}
	if err := checkGatewayURL(gateway.URL); err != nil {
		return gateway, err
	}
	limit := &gateway.Limit
	if limit.MaxConcurrency == 0 {
		limit.MaxConcurrency = 1
	}
	switch {
	case gateway.Shards < 1:
		return gateway, fmt.Errorf("the answer recommends %d shards", gateway.Shards)
	case limit.MaxConcurrency < 1:
		return gateway, fmt.Errorf("the answer has a max_concurrency of %d", limit.MaxConcurrency)
	case limit.Total < 0 || limit.Remaining < 0 || limit.ResetAfterMS < 0:
		return gateway, errors.New("the answer has a session_start_limit below zero")
	case gateway.Shards > most || limit.MaxConcurrency > most || limit.Total > most || limit.Remaining > most:
		return gateway, errors.New("the answer has a number that no bot can have")
	}
	limit.ResetAfterMS = min(limit.ResetAfterMS, longestReset.Milliseconds())
	return gateway, nil
}

func checkGatewayURL(text string) error {
	if text == "" {
		return errors.New("the answer has no url")
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "ws" && u.Scheme != "wss" || u.Hostname() == "" {
		return errors.New("the answer's url is not a WebSocket's")
	}
	return nil
}
