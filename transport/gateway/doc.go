// Package gateway connects to Discord's gateway: it dials, speaks WebSocket and
// inflates.
//
// A [Dialer] starts no goroutine of its own and may be used concurrently. Of
// the connections it makes, one goroutine reads; any may write and close.
// Proxies named by the environment (HTTPS_PROXY and the like) are not used.
package gateway
