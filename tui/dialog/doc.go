// Package dialog holds the console's modal questions: what they say, how they
// answer keys, and how they are drawn.
//
// A [Dialog] is data with a small state machine: [Dialog.Handle] takes a key by
// name and says what came of it. Dialogs lie on a [Stack]; only the topmost
// hears keys. Nothing here does IO or knows Bubble Tea; a stack belongs to one
// goroutine.
package dialog
