// Package inflate decodes Discord's zlib-stream: one zlib stream (RFC 1950,
// RFC 1951) for the life of a connection, flushed after every message.
//
// It is a decoder of its own because the general ones do not fit. They pull
// bytes from a reader and cannot say "this message is complete, and nothing of
// the next has been touched": asked once too often they take the end of the
// input for corruption, and that error sticks. They also copy every byte out of
// their window. Here a message is decoded as a whole from memory, straight into
// the window, and a message that turns out to be incomplete leaves no trace.
// That costs about half the time of compress/flate.
//
// A [Stream] belongs to one goroutine. A [Pool] may be shared by any number of
// streams; a quiet stream keeps one window of 64 KiB and nothing else.
package inflate
