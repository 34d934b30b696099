package main

import (
	"fmt"
	"slices"

	"github.com/semamap/semamap/plot"
)

const notebookName = "notebook"

// notebook shows what the original notebook drew, layer 0 for every layer, in
// the upper row, and the layers themselves below.
func (v *view) notebook(seed uint64, maps []*layerMap) *plot.Figure {
	f := v.figure(seed, append(slices.Repeat(maps[:1], len(maps)), maps...)...)
	f.Title = "What the notebook showed, layer 0 each time, and the layers below"
	f.Cols = len(maps)
	for i, m := range maps {
		f.Panels[i].Title = fmt.Sprintf("Notebook’s layer %d", m.Layer)
		f.Panels[len(maps)+i].Title = fmt.Sprintf("Layer %d", m.Layer)
	}
	return f
}

// notebookBlock is the figure with what it shows.
func notebookBlock(maps []*layerMap) block {
	text := "The notebook that this study grew from selected the units of every layer by row numbers that begin anew in each layer, so all its layers are layer 0 (upper row; below, the layers themselves)."
	if d := maps[0].Domain; d.Points > 0 && len(maps) > 1 {
		lo, hi := 1.0, 0.0
		for _, m := range maps[1:] {
			lo, hi = min(lo, m.Domain.Share), max(hi, m.Domain.Share)
		}
		text += fmt.Sprintf(" In its pictures %.3f of the ten nearest have the same domain, one number for every layer; on the maps of the other layers it is %.3f to %.3f (by chance %.3f).", d.Share, lo, hi, d.Chance)
	}
	return block{heading: "What the notebook's index error did", text: []string{text}, figure: "figures/" + notebookName + ".png"}
}
