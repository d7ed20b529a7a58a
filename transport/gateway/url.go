package gateway

import (
	"net/url"
	"strconv"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
)

// target is the URL to dial for a gateway URL as Discord names it.
func (d *Dialer) target(gatewayURL string) (*url.URL, error) {
	u, err := url.Parse(gatewayURL)
	switch {
	case err != nil:
		return nil, badURL("it cannot be parsed")
	case u.Scheme != "ws" && u.Scheme != "wss":
		return nil, badURL("it must begin with wss:// (or ws:// without encryption)")
	case u.Hostname() == "":
		return nil, badURL("it names no host")
	case u.User != nil:
		return nil, badURL("it must not hold a user name or password")
	}
	query := u.Query()
	query.Set("v", strconv.Itoa(discord.Version))
	query.Set("encoding", "json")
	query.Del("compress")
	compress, err := orDefault(d.Compress, ZlibStream).inURL()
	if err != nil {
		return nil, err
	}
	if compress != "" {
		query.Set("compress", compress)
	}
	u.RawQuery = query.Encode()
	u.Fragment, u.RawFragment = "", ""
	if u.Path == "" {
		u.Path = "/"
	}
	return u, nil
}

// badURL says what is wrong with a gateway URL. The URL itself may come from
// anywhere, so it is not repeated.
func badURL(what string) error {
	return &DialError{Stage: StageURL, Reason: "bad gateway URL: " + what, Hint: "Discord's looks like wss://gateway.discord.gg"}
}
