// Package wn30 embeds Princeton's WordNet 3.0 in about two megabytes, so that a
// program needs no files beside it:
//
//	db, err := wordnet.Open(wn30.FS, nil)
//
// It holds every synset and lemma, all pointers, verb frames, the order of
// senses, tag counts, irregular forms, and the offsets of Princeton's files. It
// holds no glosses: Definition and Examples return wordnet.ErrNoGlosses, and
// need a database folder.
//
// The data is WordNet's and under its license, [License], which every copy must
// carry. A program that does not import this package does not carry the data.
// The folder gen holds the program that made the file.
package wn30

import (
	"embed"
	"io/fs"
)

//go:embed wordnet.compact
var files embed.FS

// FS holds the database, for wordnet.Open.
var FS fs.FS = files

// License is the license of the data.
//
//go:embed LICENSE
var License string
