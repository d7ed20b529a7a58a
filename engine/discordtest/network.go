package discordtest

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"
)

// Death is how a host is dead.
type Death uint8

// The ways to be dead. With a wss URL, DeadPlain and DeadCertificate are errors of
// TLS; with a ws URL, DeadPlain answers what is no HTTP.
const (
	DeadRefused     Death = iota // the connection is refused
	DeadTimeout                  // it is accepted, and nothing is ever said
	DeadUnavailable              // the upgrade is answered 503
	DeadPlain                    // what is said is neither TLS nor HTTP
	DeadCertificate              // the certificate is nobody's
	deaths
)

// String names a death.
func (d Death) String() string {
	return [...]string{"refused", "timeout", "503 on upgrade", "not TLS", "bad certificate"}[d]
}

// Network leads every address to the server whose Config.Network it is, but for
// hosts that are dead. Its DialContext fits transports of HTTP and of the gateway,
// with or without a testing/synctest bubble. Every dial to a dead host may have a
// goroutine of its own, which ends with the connection; [Network.Close] waits for
// them. It is safe for concurrent use.
type Network struct {
	certs tls.Certificate
	tasks sync.WaitGroup

	mu     sync.Mutex
	main   func(ctx context.Context, network, address string) (net.Conn, error) // nil before there is a server
	dead   map[string]Death
	dials  map[string]int
	opened map[net.Conn]struct{} // our ends of connections to dead hosts
}

// NewNetwork makes a network whose every host is alive, for one server.
func NewNetwork() (*Network, error) {
	certs, err := nobodysCertificate()
	if err != nil {
		return nil, fmt.Errorf("discordtest: %w", err)
	}
	return &Network{
		certs: certs, dead: make(map[string]Death), dials: make(map[string]int),
		opened: make(map[net.Conn]struct{}),
	}, nil
}

// join leads the network to a server's listener.
func (n *Network) join(l net.Listener) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if memory, ok := l.(*MemoryListener); ok {
		n.main = memory.DialContext
		return
	}
	n.main = func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, l.Addr().String())
	}
}

// Kill makes a host dead, on every port. Connections to it that stand are left
// alone.
func (n *Network) Kill(host string, how Death) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.dead[host] = how
}

// Revive makes a host lead to the server again.
func (n *Network) Revive(host string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.dead, host)
}

// Dials counts the dials to a host, dead or alive.
func (n *Network) Dials(host string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.dials[host]
}

// Close cuts what stands to dead hosts and waits until that is over.
func (n *Network) Close() error {
	n.mu.Lock()
	for c := range n.opened {
		_ = c.Close() // a pipe
	}
	n.mu.Unlock()
	n.tasks.Wait()
	return nil
}

// DialContext connects to a host.
func (n *Network) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	n.mu.Lock()
	n.dials[host]++
	how, dead := n.dead[host]
	main := n.main
	n.mu.Unlock()
	switch {
	case !dead && main != nil:
		return main(ctx, network, address)
	case !dead || how == DeadRefused:
		return nil, &net.OpError{Op: "dial", Net: network, Addr: memoryAddr{}, Err: syscall.ECONNREFUSED}
	}
	client, server := net.Pipe()
	n.mu.Lock()
	n.opened[server] = struct{}{}
	n.mu.Unlock()
	n.tasks.Go(func() {
		n.haunt(server, how)
		_ = server.Close()
		n.mu.Lock()
		defer n.mu.Unlock()
		delete(n.opened, server)
	})
	return client, nil
}

// haunt is what a dead host says. What the client makes of it is its affair.
func (n *Network) haunt(c net.Conn, how Death) {
	switch how {
	case DeadUnavailable:
		if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
			_, _ = io.WriteString(c, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
		}
	case DeadPlain:
		if _, err := c.Read(make([]byte, 4096)); err == nil {
			_, _ = io.WriteString(c, "220 mail.example.test ESMTP ready, and no TLS here\r\n\r\n")
		}
	case DeadCertificate:
		_ = tls.Server(c, &tls.Config{Certificates: []tls.Certificate{n.certs}, MinVersion: tls.VersionTLS12}).Handshake()
	}
	_, _ = io.Copy(io.Discard, c)
}

// nobodysCertificate is signed by itself, for a name that nobody dials.
func nobodysCertificate() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	who := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "nobody.test"}, DNSNames: []string{"nobody.test"},
		NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<33, 0),
	}
	raw, err := x509.CreateCertificate(rand.Reader, who, who, &key.PublicKey, key)
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}, err
}
