// Package wn30 embeds Princeton's WordNet 3.0, so that a program needs no
// database files. It adds about two megabytes to programs that import it.
//
//	db, err := wordnet.Open(wn30.FS, nil)
//
// It contains all synsets, lemmas, pointers, verb frames, the order of senses,
// tag counts, irregular forms, and the offsets of Princeton's files. It does not
// contain glosses: Definition and Examples return wordnet.ErrNoGlosses. Package
// wordnet/wn30/glosses has these as well.
//
// The data is under WordNet's license, [License], which must accompany every
// copy. The program in the folder gen makes the data.
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
