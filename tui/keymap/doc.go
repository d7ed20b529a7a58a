// Package keymap says which key does what: it reads the names of keys, lays what
// somebody has configured over what the console comes with, and finds keys that
// two actions claim. It is pure.
package keymap
