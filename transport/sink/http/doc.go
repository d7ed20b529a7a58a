// Package httpsink delivers events to a bot over HTTP/1.1.
//
// One event is a POST of application/json, several are one of
// application/x-ndjson with an object a line. Every request carries
// Authorization as configured, Gatehouse-Event-Id (of its first event) and
// Gatehouse-Attempt.
//
// The client is hand-made, because [net/http]'s costs several times as much as
// everything else that is done for an event. It knows what a sink needs and no
// more: one host, keep-alive, one Write per request, answers with
// Content-Length, chunks or an end of the connection. Redirects are not
// followed, cookies not kept, proxies of the environment (HTTP_PROXY and the
// like) not used.
//
// A kept connection may die just when a request is sent on it. Then the request
// is sent again at once on a new one, so a bot may see an event twice: with the
// same id, as with every delivery.
//
// A sink that was told to ([Sink.Asks]) reads what the bot sends back. Without
// that, and if the bot answers with anything but a short application/json, the
// body of an answer is read away unseen.
//
// A [Sink] owns no goroutine between deliveries and may be used concurrently.
package httpsink
