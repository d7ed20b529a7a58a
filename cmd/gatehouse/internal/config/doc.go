// Package config finds, reads and checks the configuration of Gatehouse.
//
// There are four layers: defaults, the file (YAML, TOML or JSON), the
// environment and the command line; a later one beats an earlier one, key by
// key. One table, keys, says what exists: it drives the loader, the names of
// the environment variables, `config init` and `config show`.
//
// The loader is strict. A key that nobody reads, a value out of range, a
// variable with a typing error: each gives one line that names the key, where
// it was read, what is allowed and what to do, and all of them are reported
// together. Values of secrets are never part of a message.
//
// The package starts no goroutine, and reads nothing of the process beside the
// files it is pointed to: environment and folders are passed in.
package config
