package control

import (
	"io/fs"
	"syscall"
)

// connectionRefused is WSAECONNREFUSED, which the syscall package does not name.
const connectionRefused = syscall.Errno(10061)

// The folders of a Windows account are closed to other accounts by their access
// lists, which this package leaves as they are.

func lockFolder(string) (unlock func(), err error) { return func() {}, nil }

func beforeBind(_, _ string, _ syscall.RawConn) error { return nil }

func notForOthers(string) error { return nil }

func owned(fs.FileInfo) bool { return true }

func openToOthers(fs.FileInfo) bool { return false }
