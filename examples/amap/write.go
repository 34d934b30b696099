package main

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/semamap/semamap/amap"
	"github.com/semamap/semamap/examples/internal/cli"
)

// format is the extension of -o, which must be one of those given.
func (j *job) format(extensions ...string) (string, error) {
	ext := strings.ToLower(filepath.Ext(j.out))
	if !slices.Contains(extensions, ext) {
		return "", fmt.Errorf("-o %q is no %s file", j.out, strings.Join(extensions, ", "))
	}
	return ext, nil
}

// table writes SYSIF's table of the tokens of -ids and -tokens, or of all.
func table(j *job) error {
	ids, err := j.tokenIDs()
	if err != nil {
		return err
	}
	m := j.m
	l := firstLayer(m)
	if l == nil {
		return fmt.Errorf("%s: no layer can be read", j.files[0])
	}
	if _, known := l.TokenIDs(); !known {
		return fmt.Errorf("%s: a filtered map, whose tokens its file does not name: give their ids with -row-ids", j.files[0])
	}
	if j.v == nil {
		if j.v, err = openVocabulary(j.vocab, m); err != nil {
			return err
		}
	}
	vocabulary := int32(-1)
	if pos, known := m.Positions(); known && pos > 0 {
		rows, _ := l.Dims()
		vocabulary = int32(rows - pos)
	}
	if ids != nil {
		if m, err = m.Filter(ids); err != nil {
			return err
		}
	}
	// Columns are named as SYSIF names them: by the text of a token, where bytes
	// that are none are U+FFFD, and by the position of the window.
	name := func(id int32) string {
		switch {
		case vocabulary >= 0 && id >= vocabulary:
			return fmt.Sprintf("[POS_%d]", id-vocabulary)
		case int(id) < len(j.v.raw):
			return valid(text(j.v.raw[id]))
		}
		return strconv.Itoa(int(id))
	}
	if j.out == "" {
		return m.WriteCSV(j.ctx, j.w, name)
	}
	if _, err := j.format(".csv"); err != nil {
		return err
	}
	return cli.WriteFile(j.out, func(w io.Writer) error { return m.WriteCSV(j.ctx, w, name) })
}

func convert(j *job) error {
	if j.countsOut != "" && j.m.Counts() == nil {
		return fmt.Errorf("%s: token counts for -counts-out are not known", j.files[0])
	}
	ids, err := j.tokenIDs()
	if err != nil {
		return err
	}
	m := j.m
	if ids != nil {
		if m, err = m.Filter(ids); err != nil {
			return err
		}
	}
	return j.write(m)
}

// write writes a map in the format that the name of the file asks for, and its
// counts.
func (j *job) write(m *amap.Map) error {
	format, err := j.format(".pickle", ".pkl", ".safetensors", ".npy")
	if err != nil {
		return err
	}
	write := func(w io.Writer) error { return m.WriteSYSIF(j.ctx, w) }
	switch format {
	case ".safetensors":
		write = func(w io.Writer) error { return m.WriteSafetensors(j.ctx, w) }
	case ".npy":
		mode, err := j.theMode()
		if err != nil {
			return err
		}
		layers := m.Layers(mode)
		if j.layer < 0 && len(layers) == 1 {
			j.layer = layers[0]
		}
		if j.layer < 0 {
			return fmt.Errorf("a .npy file holds one matrix; say -layer N of %v, and -mode", layers)
		}
		l, err := m.Layer(mode, j.layer)
		if err != nil {
			return err
		}
		write = func(w io.Writer) error { return l.WriteNPY(j.ctx, w) }
	}
	if err := cli.WriteFile(j.out, write); err != nil || j.countsOut == "" {
		return err
	}
	return cli.WriteFile(j.countsOut, m.Counts().Write)
}

func merge(j *job) error {
	var d amap.DType
	for _, t := range []amap.DType{amap.Float16, amap.BFloat16, amap.Float32, amap.Float64} {
		if j.dtype == t.String() {
			d = t
		}
	}
	if j.dtype != "" && d == 0 {
		return fmt.Errorf("-type %q is no number type", j.dtype)
	}
	parts := []*amap.Map{j.m}
	for _, file := range j.files[1:] {
		m, err := j.open(file)
		if err != nil {
			return err
		}
		defer m.Close()
		parts = append(parts, m)
	}
	for i, m := range parts {
		if m.Counts() == nil {
			return fmt.Errorf("%s: no token counts beside it (tokens-count-… for amap-…)", j.files[i])
		}
	}
	whole, err := amap.Merge(d, parts...)
	if err != nil {
		return err
	}
	return j.write(whole)
}
