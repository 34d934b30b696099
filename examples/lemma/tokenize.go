package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/semamap/semamap/examples/internal/cli"
	"github.com/semamap/semamap/lemma"
)

func tokenize(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	f := flags("tokenize", stderr)
	in := f.String("in", "-", "`file` of JSON strings, one a line; - is standard input")
	out := f.String("out", "", "`file` to write instead of standard output")
	tokenizer := f.String("tokenizer", "", "tokenizer.json `file` (default: GPT-NeoX-20B, embedded)")
	if err := parse(f, args); err != nil {
		return err
	}
	tok, err := openTokenizer(*tokenizer)
	if err != nil {
		return err
	}
	r, name, done, err := openInput(*in, stdin)
	if err != nil {
		return err
	}
	defer done()
	write := func(w io.Writer) error { return tokenizeLines(ctx, tok, r, name, w) }
	if *out != "" {
		return cli.WriteFile(*out, write)
	}
	w := bufio.NewWriter(stdout)
	return errors.Join(write(w), w.Flush())
}

// A result is one line of output.
type result struct {
	Input  string   `json:"input"`
	IDs    []int32  `json:"ids"`
	Tokens []string `json:"tokens"`
}

func tokenizeLines(ctx context.Context, tok lemma.Tokenizer, r io.Reader, name string, w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	res := result{IDs: []int32{}, Tokens: []string{}}
	return eachLine(r, name, func(n int, line []byte) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if len(bytes.TrimSpace(line)) == 0 {
			return nil
		}
		s, err := jsonString(line)
		if err == nil {
			res.Input = s
			res.IDs, err = tok.Encode(res.IDs[:0], s)
		}
		if err != nil {
			return fmt.Errorf("%s:%d: %w", name, n, err)
		}
		res.Tokens = res.Tokens[:0]
		for _, id := range res.IDs {
			res.Tokens = append(res.Tokens, tok.Token(id))
		}
		return enc.Encode(res)
	})
}

// eachLine calls f with every line, of any length, without its end.
func eachLine(r io.Reader, name string, f func(n int, line []byte) error) error {
	br := bufio.NewReaderSize(r, 1<<16)
	var line []byte
	for n := 1; ; {
		part, err := br.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case err == bufio.ErrBufferFull:
			continue
		case err != nil && err != io.EOF:
			return fmt.Errorf("%s:%d: %w", name, n, err)
		case err == io.EOF && len(line) == 0:
			return nil
		}
		line = bytes.TrimSuffix(line, []byte("\n"))
		if err := f(n, bytes.TrimSuffix(line, []byte("\r"))); err != nil {
			return err
		}
		if err == io.EOF {
			return nil
		}
		line = line[:0]
		n++
	}
}

var replacement = regexp.MustCompile(`(?i)\\ufffd|\x{FFFD}`)

// jsonString decodes a string as the standard library does, but refuses what
// that would replace by U+FFFD.
func jsonString(line []byte) (s string, err error) {
	if !utf8.Valid(line) {
		return "", errors.New("not UTF-8")
	}
	if err := json.Unmarshal(line, &s); err != nil {
		return "", err
	}
	if c := bytes.TrimSpace(line); c[0] != '"' {
		return "", errors.New("not a JSON string")
	}
	if n := strings.Count(s, "\uFFFD"); n > 0 && n > len(replacement.FindAll(line, -1)) {
		return "", errors.New("half of a surrogate pair")
	}
	return s, nil
}
