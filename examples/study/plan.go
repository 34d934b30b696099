package main

import "io"

func plan(out io.Writer, o *options, w *words, layers []int) error { return nil }
