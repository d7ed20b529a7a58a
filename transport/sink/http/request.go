package httpsink

import (
	"net/url"
	"strconv"
	"sync"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

const (
	// headRoom is kept before the body for the parts of the head that change
	// from one request to the next; see appendVariable.
	headRoom = 256
	// maxKept is the largest request buffer that is kept for the next request.
	maxKept = 1 << 20
)

// requests builds the bytes of requests to one URL. It is safe for concurrent
// use.
type requests struct {
	fixed []byte    // head up to and without the parts that change
	pool  sync.Pool // of *request
}

// request is one request in a buffer that is used again and again: room for the
// head, then the body. The body is written first, since the head has its length.
type request struct {
	buf   []byte
	start int // of the head in buf
}

// wire is the whole request, for a single Write.
func (r *request) wire() []byte { return r.buf[r.start:] }

func newRequests(u *url.URL, userAgent, authorization string) *requests {
	head := "POST " + u.RequestURI() + " HTTP/1.1\r\nHost: " + u.Host + "\r\nUser-Agent: " + userAgent + "\r\n"
	if authorization != "" {
		head += "Authorization: " + authorization + "\r\n"
	}
	return &requests{fixed: []byte(head)}
}

// build makes the request for some events.
func (rs *requests) build(events []event.Event, attempt int) *request {
	r, ok := rs.pool.Get().(*request)
	if !ok {
		r = &request{}
	}
	room := len(rs.fixed) + headRoom
	if cap(r.buf) < room {
		r.buf = make([]byte, room, room+4<<10)
	}
	r.buf = appendBody(r.buf[:room], events)
	var scratch [headRoom]byte
	variable := appendVariable(scratch[:0], events, attempt, len(r.buf)-room)
	copy(r.buf[room-len(variable):], variable)
	r.start = room - len(variable) - len(rs.fixed)
	copy(r.buf[r.start:], rs.fixed)
	return r
}

// done takes a request back.
func (rs *requests) done(r *request) {
	if cap(r.buf) <= maxKept {
		rs.pool.Put(r)
	}
}

// appendBody appends one event as JSON, or several as lines of JSON.
func appendBody(dst []byte, events []event.Event) []byte {
	if len(events) == 1 {
		return events[0].AppendJSON(dst)
	}
	for i := range events {
		dst = append(events[i].AppendJSON(dst), '\n')
	}
	return dst
}

// appendVariable appends the head's changing parts and the empty line: at most
// 26+33 for the type, 20+37+2 for the id, 19+20+2 for the attempt, 16+20+2 for
// the length and 2, which is less than headRoom.
func appendVariable(dst []byte, events []event.Event, attempt, length int) []byte {
	if len(events) == 1 {
		dst = append(dst, "Content-Type: application/json\r\nGatehouse-Event-Id: "...)
	} else {
		dst = append(dst, "Content-Type: application/x-ndjson\r\nGatehouse-Event-Id: "...)
	}
	dst = events[0].ID.AppendTo(dst)
	dst = append(dst, "\r\nGatehouse-Attempt: "...)
	dst = strconv.AppendInt(dst, int64(attempt), 10)
	dst = append(dst, "\r\nContent-Length: "...)
	dst = strconv.AppendInt(dst, int64(length), 10)
	return append(dst, "\r\n\r\n"...)
}
