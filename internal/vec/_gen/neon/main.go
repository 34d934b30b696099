// Command neon writes the kernels for arm64. (Avo, with which the others are
// written, has no arm64.)
package main

import (
	"flag"
	"log"
)

// families are the files to write; each function emits what one holds.
var families = []struct {
	name string
	emit func()
}{
	{"gemm", gemm},
	{"dist", dist},
	{"select", selectTile},
	{"centre", centre},
	{"gram", gram},
	{"attract", attract},
	{"fft", fft},
	{"spline", spline},
	{"pairs", pairs},
	{"meanrows", meanRows},
	{"f16", func() { half(); statistics() }},
	{"exp", exp},
	{"move", move},
	{"layers", func() { layers(); layerRows() }},
}

func main() {
	out := flag.String("out", ".", "the folder of package vec")
	flag.Parse()
	for _, f := range families {
		f.emit()
		if err := write(*out, f.name); err != nil {
			log.Fatal(err)
		}
	}
}
