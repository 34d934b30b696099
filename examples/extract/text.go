package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"unicode/utf8"

	"github.com/klauspost/compress/zstd"
	"github.com/semamap/semamap/examples/internal/cli"
)

// Documents of plain text.
const (
	files      = "files"
	lines      = "lines"
	paragraphs = "paragraphs"
)

// longest is how long a document of a plain file may be: a longer file is cut at
// the end of a line.
const longest = 16 << 20

// A text is the documents of some files.
type text struct {
	files []string
	field string // of a JSON line
	cut   string // plain text into documents
}

// each calls f for every document, in order. where is the file and the line.
func (t *text) each(ctx context.Context, f func(document []byte, where string) error) error {
	for _, path := range t.files {
		if err := t.file(ctx, path, f); err != nil {
			return err
		}
	}
	return nil
}

func (t *text) file(ctx context.Context, path string, f func(document []byte, where string) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := t.read(cli.Reader(ctx, file), func(d []byte, line int) error {
		where := fmt.Sprintf("%s:%d", path, line)
		if !utf8.Valid(d) {
			return fmt.Errorf("%s: the text is not UTF-8", where)
		}
		return f(d, where)
	}); err != nil {
		var at *lineError
		if errors.As(err, &at) {
			return fmt.Errorf("%s:%d: %w", path, at.line, at.err)
		}
		return err
	}
	return nil
}

// A lineError is about a line.
type lineError struct {
	line int
	err  error
}

func (e *lineError) Error() string { return fmt.Sprintf("line %d: %s", e.line, e.err) }
func (e *lineError) Unwrap() error { return e.err }

// read calls f for every document of a file, which may be packed.
func (t *text) read(r io.Reader, f func(document []byte, line int) error) error {
	in, done, err := unpack(r)
	if err != nil {
		return &lineError{1, err}
	}
	defer done()
	if b, _ := in.Peek(3); string(b) == "\ufeff" {
		in.Discard(3)
	}
	var (
		jsonl    bool
		document []byte
		began    int // line
		n        int
	)
	emit := func() error {
		d := document
		document = document[:0]
		if len(bytes.TrimSpace(d)) == 0 {
			return nil
		}
		return f(d, began)
	}
	for first := true; ; first = false {
		line, err := in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			line = bytes.Clone(line)
			var rest []byte
			rest, err = in.ReadBytes('\n')
			line = append(line, rest...)
		}
		if errors.Is(err, context.Canceled) {
			return err
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return &lineError{n + 1, err}
		}
		ended := err != nil
		if n++; first {
			jsonl = isJSON(line)
		}
		switch {
		case jsonl:
			if len(bytes.TrimSpace(line)) > 0 {
				d, err := t.line(line)
				if err != nil {
					return &lineError{n, err}
				}
				if err := f(d, n); err != nil {
					return err
				}
			}
		case t.cut == lines:
			began, document = n, append(document, bytes.TrimRight(line, "\r\n")...)
			if err := emit(); err != nil {
				return err
			}
		case t.cut == paragraphs && len(bytes.TrimSpace(line)) == 0:
			if err := emit(); err != nil {
				return err
			}
		default:
			if len(document) > longest {
				if err := emit(); err != nil {
					return err
				}
			}
			if len(document) == 0 {
				began = n
			}
			document = append(document, line...)
		}
		if ended {
			return emit()
		}
	}
}

// isJSON tells whether a line is an object or a string of JSON.
func isJSON(line []byte) bool {
	b := bytes.TrimSpace(line)
	return len(b) > 0 && (b[0] == '{' || b[0] == '"') && json.Valid(b)
}

// line returns the text of a JSON line: a string, or the field of an object.
func (t *text) line(b []byte) ([]byte, error) {
	var s string
	if b = bytes.TrimSpace(b); b[0] == '"' {
		if err := json.Unmarshal(b, &s); err != nil {
			return nil, err
		}
		return []byte(s), nil
	}
	var o map[string]json.RawMessage
	if err := json.Unmarshal(b, &o); err != nil {
		return nil, err
	}
	v, ok := o[t.field]
	if !ok {
		return nil, fmt.Errorf("no field %q; -field names another", t.field)
	}
	if err := json.Unmarshal(v, &s); err != nil {
		return nil, fmt.Errorf("the field %q is no string", t.field)
	}
	return []byte(s), nil
}

// unpack opens gzip and zstd by their first bytes.
func unpack(r io.Reader) (in *bufio.Reader, done func(), err error) {
	in, done = bufio.NewReaderSize(r, 1<<16), func() {}
	b, _ := in.Peek(4)
	switch {
	case bytes.HasPrefix(b, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, nil, err
		}
		return bufio.NewReaderSize(z, 1<<16), done, nil
	case bytes.Equal(b, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(1<<30))
		if err != nil {
			return nil, nil, err
		}
		return bufio.NewReaderSize(z, 1<<16), z.Close, nil
	}
	return in, done, nil
}
