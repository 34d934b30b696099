package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/semamap/semamap/examples/internal/cli"
	"github.com/semamap/semamap/examples/internal/sample"
)

// A result is one line of output.
type result struct {
	Input  string   `json:"input"`
	IDs    []int32  `json:"ids"`
	Tokens []string `json:"tokens"`
}

func tokenize(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	f := flag.NewFlagSet("lemma tokenize", flag.ContinueOnError)
	path := tokenizerFlag(f, "GPT-NeoX-20B, embedded")
	if _, err := cli.Parse(f, args, 0, stderr); err != nil {
		return err
	}
	tok, err := sample.OpenTokenizer(*path)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(stdout)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	res := result{IDs: []int32{}, Tokens: []string{}}
	err = eachLine(stdin, func(line []byte) error {
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
			return err
		}
		res.Tokens = res.Tokens[:0]
		for _, id := range res.IDs {
			res.Tokens = append(res.Tokens, tok.Token(id))
		}
		return enc.Encode(res)
	})
	return errors.Join(err, w.Flush())
}

var replacement = regexp.MustCompile(`(?i)\\ufffd|\x{FFFD}`)

// jsonString decodes a string as the standard library does, but rejects what
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
