package spool

import "errors"

// Store keeps what a [Spool] writes under names of slash-separated parts. What
// Put has returned for is durable: it is there, whole, after any crash. All
// methods may be called concurrently, but not for the same name.
type Store interface {
	// List returns every name with the size of what is kept under it, in no
	// order. What a crash in the middle of a Put left behind is removed.
	List() ([]Stored, error)
	// Get appends what is kept under a name to dst, at most limit bytes of it if
	// limit is not 0. It fails with an error that wraps fs.ErrNotExist if there
	// is nothing.
	Get(name string, dst []byte, limit int) ([]byte, error)
	// Put keeps data under a name, in place of what was there.
	Put(name string, data []byte) error
	// Delete removes a name, which may be gone already.
	Delete(name string) error
	// SetAside keeps a copy of what cannot be read for a person to look at,
	// under a name that List does not return.
	SetAside(name string) error
}

// Stored is one name of a [Store].
type Stored struct {
	Name string
	Size int64 // bytes
}

// errDamaged says that what a store returned is not what was put there.
var errDamaged = errors.New("damaged")
