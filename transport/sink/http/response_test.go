package httpsink

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

// walk reads one answer with its body, and says what is left behind it.
func walk(text string) (r response, data string, rest string, err error) {
	in := strings.NewReader(text)
	br := bufio.NewReaderSize(in, readBuffer)
	if r, err = readResponse(br); err != nil {
		return r, "", "", err
	}
	b := r.bodyOf(br)
	for {
		piece, err := b.piece()
		if err == io.EOF {
			behind, _ := io.ReadAll(br)
			return r, data, string(behind), nil
		}
		if err != nil {
			return r, data, "", err
		}
		data += string(piece)
	}
}

// wholeOf reads the body of an answer as one that may hold commands.
func wholeOf(text string) []byte {
	br := bufio.NewReaderSize(strings.NewReader(text), readBuffer)
	r, err := readResponse(br)
	if err != nil {
		return nil
	}
	b := r.bodyOf(br)
	return b.whole()
}

func TestAnswersThatAreNotHTTPAreRefused(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\n"
	for _, text := range []string{
		"\r\n" + ok, "HTTP/2 200 OK\r\n\r\n", "HTTP/1.2 200 OK\r\n\r\n", "HTTP/1.1  200 OK\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n",
		"HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n", "HTTP/1.1 099 OK\r\n\r\n", "http/1.1 200 OK\r\n\r\n",
		head + "no colon\r\n\r\n", head + ": no name\r\n\r\n", head + "space : x\r\n\r\n", head + " folded\r\n\r\n",
		head + "A: b\r\n folded\r\n\r\n", head + "A: b\rc\r\n\r\n", head + "A: b\x00c\r\n\r\n",
		head + "Content-Length: -1\r\n\r\n", head + "Content-Length: +1\r\n\r\n", head + "Content-Length: 1, 1\r\n\r\n",
		head + "Content-Length: \r\n\r\n", head + "Content-Length: 99999999999999999999\r\n\r\n",
		head + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
		head + "Transfer-Encoding: gzip, chunked\r\n\r\n", head + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
	} {
		if r, _, _, err := walk(text); !errors.Is(err, errMalformed) {
			t.Errorf("%q: %+v, %v", text, r, err)
		}
	}
}

func TestAnswersThatEndTooSoonAreErrors(t *testing.T) {
	whole := "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
	for n := range len(whole) {
		_, _, _, err := walk(whole[:n])
		if err == nil {
			t.Errorf("%q is complete", whole[:n])
		}
		if (n == 0) != (err == io.EOF) {
			t.Errorf("%q: %v", whole[:n], err)
		}
	}
	if _, data, rest, err := walk(whole + "next"); err != nil || data != "abc" || rest != "next" {
		t.Errorf("the whole: %q, then %q, %v", data, rest, err)
	}
}

// FuzzResponse holds the parser against the standard library's: what it takes
// for an answer, the library does too, with the same status, body and end.
func FuzzResponse(f *testing.F) {
	for _, seed := range []string{
		ok, status(204), status(304), status(503, "Retry-After: 1\r\n"),
		"HTTP/1.0 200 OK\r\nConnection: keep-alive, x\r\nContent-Length: 1\r\n\r\na",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nX: y\r\n\r\n" + ok,
		"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: Chunked\r\n\r\n0\r\n\r\n",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 101 Switching Protocols\r\nConnection: close\r\n\r\n",
		"HTTP/1.1 200 \nTransfer-Encoding:Chunked\n\n0\n\n", "HTTP/1.1 200 \nTransfer-Encoding:Chunked\n\n0\r\n\n",
		"HTTP/1.1 200 OK\n\nto the end", "HTTP/1.1 200\r\n\r\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, data, rest, err := walk(text)
		if err != nil {
			return
		}
		br := bufio.NewReader(strings.NewReader(text))
		want, err := http.ReadResponse(br, &http.Request{Method: http.MethodPost})
		for err == nil && want.StatusCode < 200 && want.StatusCode != 101 {
			want, err = http.ReadResponse(br, &http.Request{Method: http.MethodPost})
		}
		if err != nil {
			t.Fatalf("accepted with %d; the library says %v", r.status, err)
		}
		if want.StatusCode == 101 { // its body is the new protocol
			return
		}
		body, err := io.ReadAll(want.Body)
		if err != nil {
			t.Fatalf("a body of %d bytes; the library says %v", len(data), err)
		}
		if r.status != want.StatusCode || data != string(body) {
			t.Fatalf("%d with %q; the library has %d with %q", r.status, data, want.StatusCode, body)
		}
		if got := wholeOf(text); len(data) <= maxRequest && strings.Count(text, "\n") < maxPieces && string(got) != data {
			t.Fatalf("as a whole it is %q; in pieces %q", got, data)
		}
		if want.Close && !r.close {
			t.Fatalf("%d is kept; the library closes it", r.status)
		}
		behind, _ := io.ReadAll(br)
		if !r.close && rest != string(behind) {
			t.Fatalf("%q is left; the library leaves %q", rest, behind)
		}
	})
}

// The other direction: every way in which a server writes an answer is read as
// the library reads it.
func TestWellFormedAnswersAreReadAsTheLibraryReadsThem(t *testing.T) {
	statuses := []string{"200 OK", "201 Created", "204 No Content", "304 Not Modified", "404 Not Found", "500 ", "503"}
	framings := []string{"Content-Length: 5\r\n", "content-length:5\r\n", "Transfer-Encoding: chunked\r\n", "TRANSFER-ENCODING:\tchunked \r\n", ""}
	connections := []string{"", "Connection: close\r\n", "Connection: Keep-Alive\r\n", "connection: upgrade, CLOSE\r\n"}
	others := []string{"", "Date: Fri, 20 Nov 2026 12:00:00 GMT\r\nServer: x\r\n", "Set-Cookie: a=b; c\r\nX-Empty:\r\n"}
	for _, version := range []string{"HTTP/1.0 ", "HTTP/1.1 "} {
		for _, s := range statuses {
			for _, framing := range framings {
				for _, connection := range connections {
					for _, other := range others {
						body := "hello"
						if strings.Contains(strings.ToLower(framing), "chunked") && version == "HTTP/1.1 " {
							body = "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"
						}
						if s[0] == '2' && s[2] == '4' || s[0] == '3' {
							body = ""
						}
						agree(t, version+s+"\r\n"+other+framing+connection+"\r\n"+body)
					}
				}
			}
		}
	}
}

func agree(t *testing.T, text string) {
	t.Helper()
	r, data, _, err := walk(text)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	want, err := http.ReadResponse(bufio.NewReader(strings.NewReader(text)), &http.Request{Method: http.MethodPost})
	if err != nil {
		t.Fatalf("%q: the library says %v", text, err)
	}
	body, err := io.ReadAll(want.Body)
	if err != nil {
		t.Fatalf("%q: the library's body: %v", text, err)
	}
	if r.status != want.StatusCode || data != string(body) || r.close != want.Close {
		t.Fatalf("%q: %+v with %q; the library: %d, close=%t with %q", text, r, data, want.StatusCode, want.Close, body)
	}
}
