package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"time"
)

// A Record says what a program did: with which versions, inputs and settings,
// and how long each phase took.
type Record struct {
	Program    string            `json:"program"`
	Executable string            `json:"executable_sha256"`
	Started    string            `json:"started"`
	Versions   map[string]string `json:"versions"`
	Inputs     []Input           `json:"inputs"`
	Settings   map[string]any    `json:"settings"`
	Phases     []Phase           `json:"phases"`
	Seconds    float64           `json:"seconds"` // of all phases

	start, last time.Time
}

// An Input is a file, or data embedded in the program.
type Input struct {
	Role   string `json:"role"`
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes,omitempty"`
	SHA256 string `json:"sha256,omitempty"`
}

// A Phase is a part of the work.
type Phase struct {
	Name    string  `json:"name"`
	Seconds float64 `json:"seconds"`
}

// NewRecord starts a record and its first phase.
func NewRecord(ctx context.Context, settings map[string]any) (*Record, error) {
	now := time.Now()
	r := &Record{
		Started: now.UTC().Format(time.RFC3339), Settings: settings, start: now, last: now,
		Versions: map[string]string{"go": runtime.Version(), "os": runtime.GOOS, "arch": runtime.GOARCH},
	}
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	if _, r.Executable, err = SHA256(ctx, exe); err != nil {
		return nil, err
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		r.Program = info.Path
		r.Versions["semamap"] = info.Main.Version
		for _, d := range info.Deps {
			r.Versions[d.Path] = d.Version
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				r.Versions["revision"] = s.Value
			}
		}
	}
	return r, nil
}

// End ends a phase; the next one begins.
func (r *Record) End(phase string) {
	now := time.Now()
	r.Phases = append(r.Phases, Phase{phase, Seconds(now.Sub(r.last))})
	r.last, r.Seconds = now, Seconds(now.Sub(r.start))
}

// Seconds rounds a duration to milliseconds.
func Seconds(d time.Duration) float64 { return d.Round(time.Millisecond).Seconds() }

// Read adds an input file.
func (r *Record) Read(ctx context.Context, role, path string) error {
	size, sum, err := SHA256(ctx, path)
	r.Inputs = append(r.Inputs, Input{role, filepath.Base(path), size, sum})
	return err
}

// SHA256 returns the size and the hash of a file.
func SHA256(ctx context.Context, path string) (size int64, sum string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, "", err
	}
	defer f.Close()
	h := sha256.New()
	size, err = io.CopyBuffer(h, Reader(ctx, f), make([]byte, 1<<20))
	return size, hex.EncodeToString(h.Sum(nil)), err
}

// WriteJSON writes a value as an indented file.
func WriteJSON(path string, v any) error {
	return WriteFile(path, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		return e.Encode(v)
	})
}
