package wordnet

import (
	"bytes"
	"maps"
	"reflect"
	"slices"
	"testing"
)

// sameDB compares all that two databases hold, glosses excepted.
func sameDB(t *testing.T, a, b *DB) {
	t.Helper()
	if a.version != b.version || a.Len() != b.Len() || a.first != b.first || len(a.lemMask) != len(b.lemMask) ||
		(a.count == nil) != (b.count == nil) || a.deepest != b.deepest || a.longest != b.longest {
		t.Fatalf("%q %d %v %d, want %q %d %v %d", b.version, b.Len(), b.first, len(b.lemMask), a.version, a.Len(), a.first, len(a.lemMask))
	}
	for i := range a.lemmas() {
		if a.spelling(i) != b.spelling(i) {
			t.Fatalf("lemma %d: %q, want %q", i, b.spelling(i), a.spelling(i))
		}
	}
	for w := range a.wordSpell {
		x, y := Lemma{a, uint32(w)}, Lemma{b, uint32(w)}
		if x.Name() != y.Name() || x.Key() != y.Key() || x.Marker() != y.Marker() || a.lemmaOfWord(x.id) != b.lemmaOfWord(y.id) {
			t.Fatalf("%v %s, want %v %s", y, y.Key(), x, x.Key())
		}
	}
	for _, f := range []struct {
		name string
		a, b any
	}{
		{"lemMask", a.lemMask, b.lemMask}, {"lemEntry", a.lemEntry, b.lemEntry}, {"entSense", a.entSense, b.entSense}, {"senses", a.senses, b.senses},
		{"synOff", a.synOff, b.synOff}, {"synLex", a.synLex, b.synLex}, {"synPOS", a.synPOS, b.synPOS}, {"synNum", a.synNum, b.synNum}, {"synWord", a.synWord, b.synWord},
		{"wordSyn", a.wordSyn, b.wordSyn}, {"wordSense", a.wordSense, b.wordSense}, {"wordLex", a.wordLex, b.wordLex}, {"wordMark", a.wordMark, b.wordMark},
		{"markers", a.markers, b.markers}, {"count", a.count, b.count}, {"missed", a.missed, b.missed},
		{"semStart", a.semStart, b.semStart}, {"semTarget", a.semTarget, b.semTarget}, {"semRel", a.semRel, b.semRel},
		{"lexStart", a.lexStart, b.lexStart}, {"lexTarget", a.lexTarget, b.lexTarget}, {"lexRel", a.lexRel, b.lexRel}, {"lexSource", a.lexSource, b.lexSource},
		{"frStart", a.frStart, b.frStart}, {"frames", a.frames, b.frames},
		{"hypStart", a.hypStart, b.hypStart}, {"hyper", a.hyper, b.hyper}, {"minDepth", a.minDepth, b.minDepth}, {"maxDepth", a.maxDepth, b.maxDepth}, {"cyclic", a.cyclic, b.cyclic},
		{"lexNames", a.lexNames, b.lexNames},
	} {
		if !reflect.DeepEqual(f.a, f.b) && reflect.ValueOf(f.a).Len()+reflect.ValueOf(f.b).Len() > 0 {
			t.Errorf("%s differs", f.name)
		}
	}
	if !maps.Equal(a.exc, b.exc) {
		t.Error("exceptions differ")
	}
}

func roundTrip(t *testing.T, db *DB) {
	t.Helper()
	var one, two bytes.Buffer
	if err := db.pack(&one); err != nil {
		t.Fatal(err)
	}
	back, err := unpacked(one.String())
	if err != nil {
		t.Fatal(err)
	}
	sameDB(t, db, back)
	if err := back.pack(&two); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(one.Bytes(), two.Bytes()) {
		t.Error("written again, the file differs")
	}
	again, err := db.columns()
	if err != nil {
		t.Fatal(err)
	}
	cols, err := back.columns()
	if err != nil || !slices.EqualFunc(cols.Raw[:], again.Raw[:], bytes.Equal) {
		t.Error("columns differ", err)
	}
}

func TestCompactRoundTripDebian(t *testing.T) {
	if testing.Short() {
		t.Skip("packs a whole database twice")
	}
	roundTrip(t, debian(t))
}
