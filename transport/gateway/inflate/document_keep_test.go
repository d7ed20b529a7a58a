package inflate

import (
	"bytes"
	"compress/zlib"
	"testing"
)

func TestDocumentsKeepNothingAfterAJoinedFrame(t *testing.T) {
	var b bytes.Buffer
	for range 2 {
		w := zlib.NewWriter(&b)
		w.Write(bytes.Repeat([]byte("x"), 4<<20))
		w.Close()
	}
	d := NewDocuments(&Pool{}, 64<<20)
	if _, _, err := d.Inflate(b.Bytes()); err != nil {
		t.Fatal(err)
	}
	d.Recycle()
	if d.extra != nil {
		t.Errorf("%d bytes are kept between messages", cap(d.extra))
	}
}
