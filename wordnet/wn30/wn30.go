// Package wn30 embeds Princeton's WordNet 3.0 as one compact file of about
// two megabytes, so that a program needs no files beside it:
//
//	db, err := wordnet.Open(wn30.FS, nil)
//
// It holds the structure: every synset and lemma, all pointers, verb frames,
// sense order, tag counts, sense keys, the lists of exceptions, and the
// offsets of Princeton's files. It holds no glosses: Definition and Examples
// return wordnet.ErrNoGlosses, and a database folder is needed for them.
//
// A program that does not import this package does not carry the data.
//
// The folder gen holds the program that made the file.
//
// The data is WordNet's and under its licence, [Licence], which every copy
// must carry.
package wn30

import (
	"embed"
	"io/fs"
)

//go:embed wordnet.compact
var files embed.FS

// FS holds the compact file; see wordnet.Open.
var FS fs.FS = files

// Version is the release of WordNet.
const Version = "3.0"

// Licence is the licence of the data.
//
//go:embed LICENSE
var Licence string
