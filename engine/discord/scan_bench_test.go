package discord

import (
	"fmt"
	"testing"
)

func BenchmarkScan(b *testing.B) {
	for _, msg := range []string{sampleReaction, sampleMessage, sampleGuild()} {
		b.Run(fmt.Sprintf("%dB", len(msg)), func(b *testing.B) {
			raw := []byte(msg)
			b.SetBytes(int64(len(raw)))
			b.ReportAllocs()
			var f Frame
			for b.Loop() {
				if err := Scan(raw, &f); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkGuildUnavailable(b *testing.B) {
	var f Frame
	if err := Scan([]byte(sampleGuild()), &f); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		GuildUnavailable(f.Data)
	}
}

func BenchmarkInternType(b *testing.B) {
	name := []byte("MESSAGE_CREATE")
	b.ReportAllocs()
	for b.Loop() {
		InternType(name)
	}
}
