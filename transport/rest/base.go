package rest

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// ParseBase checks the base URL of the REST API, such as
// https://discord.com/api/v10 or that of a proxy. A slash at its end is cut.
// Errors do not repeat the URL, which may hold secrets.
func ParseBase(text string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(text))
	switch {
	case err != nil:
		return nil, badBase("it cannot be parsed")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, badBase("it must begin with https:// or http://")
	case u.Hostname() == "":
		return nil, badBase("it names no host")
	case u.User != nil:
		return nil, badBase("it must not hold a user name or password; a proxy's secret goes to discord.rest_authorization")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, badBase("it must not have a query or fragment")
	}
	u.Path = strings.TrimRight(u.Path, "/")
	u.RawPath = strings.TrimRight(u.RawPath, "/")
	return u, nil
}

func badBase(what string) error {
	return fmt.Errorf("bad address of the REST API: %w", errors.New(what+" (default: https://discord.com/api/v10)"))
}
