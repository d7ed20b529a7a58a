package discordtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/gorilla/websocket"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
)

// routes are REST for gateway clients, and the gateway at every other path.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	for _, base := range []string{"/api/v10", "/api/v9"} {
		mux.HandleFunc("GET "+base+"/gateway", s.rest(false, s.getGateway))
		mux.HandleFunc("GET "+base+"/gateway/bot", s.rest(true, s.getGatewayBot))
		mux.HandleFunc("GET "+base+"/users/@me", s.rest(true, s.getFile("user_me")))
		mux.HandleFunc("GET "+base+"/oauth2/applications/@me", s.rest(true, s.getFile("application_me")))
		mux.HandleFunc("GET "+base+"/applications/@me", s.rest(true, s.getFile("application_me")))
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if websocket.IsWebSocketUpgrade(r) {
			s.serveGateway(w, r)
			return
		}
		writeJSON(w, http.StatusNotFound, `{"message":"404: Not Found","code":0}`)
	})
	return mux
}

// rest counts a request, fails it if a fault is due, and checks the token.
func (s *Server) rest(auth bool, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		fault, failing := s.nextRESTFault()
		switch {
		case failing:
			fail(w, fault, s.clock.Now())
		case auth && !s.authorized(r):
			writeJSON(w, http.StatusUnauthorized, `{"message":"401: Unauthorized","code":0}`)
		default:
			bucket(w.Header(), 4, time.Second, s.clock.Now())
			next(w, r)
		}
	}
}

func (s *Server) nextRESTFault() (f restFault, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts.rest++
	if f, ok := s.outageFault(); ok {
		return f, true
	}
	if len(s.restFaults) == 0 {
		return restFault{}, false
	}
	f, s.restFaults = s.restFaults[0], s.restFaults[1:]
	return f, true
}

func (s *Server) authorized(r *http.Request) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.limit.dead && r.Header.Get("Authorization") == "Bot "+s.cfg.Token.Reveal() {
		return true
	}
	s.violation(ViolationREST, nil)
	return false
}

// fail answers with a fault.
func fail(w http.ResponseWriter, f restFault, now time.Time) {
	switch {
	case f.status == http.StatusTooManyRequests:
		bucket(w.Header(), 0, f.retryAfter, now)
		w.Header().Set("Retry-After", strconv.Itoa(int(f.retryAfter.Seconds())))
		w.Header().Set("X-RateLimit-Scope", "user")
		writeJSON(w, f.status, fmt.Sprintf(`{"message":"You are being rate limited.","retry_after":%.3f,"global":false}`,
			f.retryAfter.Seconds()))
	case f.status >= 500:
		// Cloudflare's pages are not JSON.
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(f.status)
		fmt.Fprintf(w, "<html><head><title>%d %s</title></head></html>\n", f.status, http.StatusText(f.status))
	default:
		writeJSON(w, f.status, fmt.Sprintf(`{"message":"%d: %s","code":0}`, f.status, http.StatusText(f.status)))
	}
}

// bucket sets Discord's rate limit headers.
func bucket(h http.Header, remaining int, reset time.Duration, now time.Time) {
	at := float64(now.Add(reset).UnixMilli()) / 1000
	h.Set("X-RateLimit-Limit", "5")
	h.Set("X-RateLimit-Remaining", strconv.Itoa(remaining))
	h.Set("X-RateLimit-Reset", strconv.FormatFloat(at, 'f', 3, 64))
	h.Set("X-RateLimit-Reset-After", strconv.FormatFloat(reset.Seconds(), 'f', 3, 64))
	h.Set("X-RateLimit-Bucket", "41f9cd5d28af77da04563bcb1d67fdfd")
}

func (s *Server) getGateway(w http.ResponseWriter, r *http.Request) {
	writeJSON(w, http.StatusOK, fmt.Sprintf(`{"url":%q}`, s.gatewayFor(r)))
}

func (s *Server) getGatewayBot(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	now := s.clock.Now()
	s.limit.refresh(now)
	answer := discord.GatewayBot{
		URL: s.gatewayFor(r), Shards: s.cfg.Shards,
		Limit: discord.SessionStartLimit{
			Total: s.limit.total, Remaining: s.limit.remaining,
			ResetAfterMS: s.limit.resetAfter(now).Milliseconds(), MaxConcurrency: s.limit.concurrency,
		},
	}
	s.mu.Unlock()
	body, err := json.Marshal(answer)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	writeJSON(w, http.StatusOK, string(body))
}

// gatewayFor is the gateway's address as the asker can reach it.
func (s *Server) gatewayFor(r *http.Request) string {
	return "ws://" + orDefault(s.host, r.Host)
}

// getFile answers with a template as it is.
func (s *Server) getFile(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		body, err := templateFiles.ReadFile("templates/" + name + ".json")
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		writeJSON(w, http.StatusOK, string(body))
	}
}

func writeJSON(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprint(w, body)
}
