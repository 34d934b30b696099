// Package glosses embeds Princeton's WordNet 3.0 with its glosses, so that
// Definition and Examples work without any files. It adds about five megabytes
// to programs that import it; package wordnet/wn30, which lacks the glosses, adds
// two.
//
//	db, err := wordnet.Open(glosses.FS, nil)
//
// Everything else is as in wn30. Glosses are unpacked when they are asked for,
// about a thousand at a time. The data is under the same license, wn30.License.
// The program in the folder wn30/gen makes it.
package glosses

import (
	"embed"
	"io/fs"

	"github.com/semamap/semamap/wordnet/wn30"
)

//go:embed glosses.compact
var own embed.FS

// FS holds the database, for wordnet.Open.
var FS fs.FS = both{}

// both has the files of wn30 and that of the glosses.
type both struct{}

func (both) Open(name string) (fs.File, error) {
	if f, err := own.Open(name); err == nil && name != "." {
		return f, nil
	}
	return wn30.FS.Open(name)
}
