package sample

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/semamap/semamap/amap"
)

const small = "../../../amap/testdata/"

func TestSource(t *testing.T) {
	few := filepath.Join(t.TempDir(), "few.pickle")
	f, err := os.Create(few)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join((amap.Counts{"input": {1, 2, 3}}).Write(f), f.Close()); err != nil {
		t.Fatal(err)
	}
	path, counts := small+"amap-small-fp16_position.pickle", small+"tokens-count-small_position.pickle"
	for _, c := range []struct {
		s     Source
		layer int
		token int32
		want  string // of the error
	}{
		{Source{Path: path, CountsPath: counts, Mode: "output"}, 2, 115, ""},
		{Source{Path: path, Mode: "input"}, 0, 115, ""},
		{Source{Mode: "input"}, 29, 700, ""},
		{Source{Path: path, Mode: "sideways"}, 0, 0, `no layers of mode "sideways" (it has ["input" "output"])`},
		{Source{Mode: "output"}, 0, 0, `the embedded sample: no layers of mode "output" (it has ["input"])`},
		{Source{Path: path, Mode: "input"}, 7, 0, "layer 7"},
		{Source{Path: path, Mode: "input"}, 0, 116, "116 rows, none for token 116"},
		{Source{Path: path, CountsPath: few, Mode: "input"}, 1, 0, "few.pickle: 3 counts of mode input, but layer 1 of " + path + " has 116 rows"},
		{Source{Path: path, CountsPath: few, Mode: "output"}, 1, 0, "few.pickle: 0 counts of mode output"},
		{Source{CountsPath: counts, Mode: "input"}, 0, 0, "needs -amap"},
		{Source{Path: "none", Mode: "input"}, 0, 0, "none"},
		{Source{Path: path, CountsPath: "none", Mode: "input"}, 0, 0, "none"},
		{Source{Mode: "input"}, 0, 1, "give a map with -amap"},
	} {
		s := &c.s
		err := s.Open()
		if err == nil {
			defer s.Close()
			_, err = s.Layer(c.layer, c.token)
		}
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%+v: %v, want %q", c.s, err, c.want)
		}
	}
}

// A layer of the sample is that of the original as far as the rows were kept.
func TestSampleSource(t *testing.T) {
	s := &Source{Mode: "input"}
	if err := s.Open(); err != nil {
		t.Fatal(err)
	}
	m, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	l, err := s.Layer(16, m.IDs...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Row(nil, 1); !errors.Is(err, ErrToken) {
		t.Error(err)
	}
	for _, i := range []int{0, 5000, len(m.IDs) - 1} {
		id := m.IDs[i]
		got, err := l.Row(nil, int(id))
		want, err2 := m.Layer(3).Row(nil, int(id))
		if err != nil || err2 != nil || !slices.Equal(got, want) || s.Count(id) != int64(m.Counts[i]) {
			t.Errorf("token %d: %v, %v", id, err, err2)
		}
	}
	if s.Count(1) != 0 || s.Count(1<<30) != 0 {
		t.Error("tokens without rows have counts")
	}
	if len(s.Layers()) != 6 || s.Model() != m.Model {
		t.Error(s.Layers(), s.Model())
	}
}
