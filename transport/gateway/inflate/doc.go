// Package inflate decodes what Discord's gateway compresses: zlib-stream, one zlib
// stream (RFC 1950, RFC 1951) for the life of a connection, flushed after every
// message; zstd-stream, the same with zstd (RFC 8878); and the documents of
// payload compression.
//
// For zlib it has a decoder of its own because the general ones do not fit. They
// pull bytes from a reader and cannot say "this message is complete, and nothing
// of the next has been touched": asked once too often they take the end of the
// input for corruption, and that error sticks. They also copy every byte out of
// their window. Here a message is decoded as a whole from memory, straight into
// the window, and a message that turns out to be incomplete leaves no trace.
// That costs about half the time of compress/flate. Of zstd the blocks are told
// apart here, so that the library's decoder is never asked once too often.
//
// # Damage
//
// After an error a decoder is dead: to go on behind a message that is missing
// would be to guess. What is found is damage to the structure: lengths, codes,
// matches before the beginning, ends in the wrong place. A byte of text that has
// become another one is found in a document alone, which has a checksum; the
// checksum of a stream is at its end, which never comes. So of single bits that
// are flipped some must pass, and no decoder could help it; TLS does not let them
// come that far.
//
// # Memory and goroutines
//
// A decoder belongs to one goroutine and starts none. A [Pool] may be shared by
// any number of them. A quiet [Stream] keeps one window of 64 KiB, a [Zstd] the
// window that its stream asks for and [ZstdOverhead], [Documents] nothing.
package inflate
