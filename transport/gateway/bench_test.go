package gateway

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
	"github.com/gatehouse-gateway/gatehouse/transport/gateway/inflate"
)

// sampleMix is what a shard of the simulated Discord reads: READY, GUILD_CREATEs,
// then live traffic in its usual mix.
func sampleMix(t testing.TB, n int) (messages []string, size int) {
	t.Helper()
	listener := discordtest.NewMemoryListener()
	s, err := discordtest.New(discordtest.Config{Listener: listener, Guilds: 100, Rate: 40_000, Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if err := s.Start(ctx); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	conn, err := (&Dialer{Compress: None, NetDial: listener.DialContext}).Dial(ctx, s.GatewayURL())
	if err != nil {
		t.Fatal(err)
	}
	identify, err := discord.AppendIdentify(nil, discord.Identify{
		Token: discord.NewToken(discordtest.DefaultToken), Intents: discordtest.AllIntents, Shards: 1,
	})
	if err == nil {
		err = conn.Write(identify)
	}
	if err != nil {
		t.Fatal(err)
	}
	for len(messages) < n {
		message, err := conn.Read()
		if err != nil {
			t.Fatal(err)
		}
		messages, size = append(messages, string(message)), size+len(message)
	}
	return messages, size
}

// frames compresses messages as one connection would get them; those of payload
// compression that Discord would leave as text are left out.
func frames(t testing.TB, compress Compression, window int, messages []string) (out [][]byte, wire int) {
	t.Helper()
	p := packer{}
	if compress == ZstdStream {
		var err error
		p.zstd, err = zstd.NewWriter(&p.stream, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(window))
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, m := range messages {
		frame := p.pack(compress, m)
		out, wire = append(out, frame), wire+len(frame)
	}
	return out, wire
}

// BenchmarkInflate is the inflating of one message of the sample mix.
func BenchmarkInflate(b *testing.B) {
	messages, size := sampleMix(b, 6000)
	for _, c := range []struct {
		compress Compression
		window   int
	}{{ZlibStream, 0}, {ZstdStream, 128 << 10}, {ZstdStream, 1 << 20}, {ZstdStream, 8 << 20}, {Payload, 0}} {
		b.Run(fmt.Sprintf("%s/window=%dk", c.compress, c.window>>10), func(b *testing.B) {
			in, wire := frames(b, c.compress, c.window, messages)
			pool := new(inflate.Pool)
			var stream inflater
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if i%len(in) == 0 {
					if stream != nil {
						stream.Release()
					}
					stream = c.compress.newInflater(pool)
				}
				if _, complete, err := stream.Inflate(in[i%len(in)]); !complete || err != nil {
					b.Fatal(complete, err)
				}
				stream.Recycle()
			}
			b.ReportMetric(float64(size)/float64(len(in)), "plain-B/message")
			b.ReportMetric(float64(wire)/float64(len(in)), "wire-B/message")
		})
	}
}

// What a connection keeps while nothing comes is promised in the documentation,
// whatever it has read before. go test -v prints the figures.
func TestMemoryOfAQuietDecoder(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector needs memory of its own")
	}
	const streams = 4
	messages, _ := sampleMix(t, 1500)
	messages = append(messages, string(large(9<<20)), messages[5]) // more than any window
	for _, c := range []struct {
		compress Compression
		window   int
		most     int
	}{
		{ZlibStream, 0, 70 << 10},
		{ZstdStream, 128 << 10, 128<<10 + inflate.ZstdOverhead},
		{ZstdStream, 512 << 10, 512<<10 + inflate.ZstdOverhead},
		{ZstdStream, 2 << 20, 2<<20 + inflate.ZstdOverhead},
		{ZstdStream, 8 << 20, 8<<20 + inflate.ZstdOverhead},
		{Payload, 0, 4 << 10},
	} {
		in, _ := frames(t, c.compress, c.window, messages)
		pool := new(inflate.Pool)
		before := heap()
		var open []inflater
		for range streams {
			stream := c.compress.newInflater(pool)
			for _, frame := range in {
				if _, _, err := stream.Inflate(frame); err != nil {
					t.Fatal(err)
				}
			}
			stream.Recycle()
			open = append(open, stream)
		}
		kept := (heap() - before) / streams
		t.Logf("%s, window of %d kB: %d bytes a connection", c.compress, c.window>>10, kept)
		if kept > c.most {
			t.Errorf("%s, window of %d kB: %d bytes a connection, want at most %d", c.compress, c.window>>10, kept, c.most)
		}
		for _, stream := range open {
			stream.Release()
		}
		if left := heap() - before; left > streams*c.most/4 {
			t.Errorf("%s: %d bytes are left after the end", c.compress, left)
		}
		runtime.KeepAlive(in)
	}
}

// heap is the memory in use, without what pools could still lend.
func heap() int {
	var stats runtime.MemStats
	for range 3 { // a pool gives up what has not been used twice
		runtime.GC()
	}
	runtime.ReadMemStats(&stats)
	return int(stats.HeapAlloc)
}
