// Package rest asks Discord's REST API, or a proxy in its place, for the
// gateway of the bot.
//
// A [Client] owns no goroutine and may be used concurrently. Proxies named by
// the environment (HTTPS_PROXY and the like) are not used.
package rest
