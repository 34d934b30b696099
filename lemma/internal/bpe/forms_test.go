package bpe

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
)

// The normal forms of every code point in several places are HF's.
func TestForms(t *testing.T) {
	f, err := os.Open("../../testdata/forms.txt.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	blocks := 0
	for sc := bufio.NewScanner(z); sc.Scan(); blocks++ {
		var name string
		var lo rune
		var sum uint32
		if _, err := fmt.Sscanf(sc.Text(), "%s %x %x", &name, &lo, &sum); err != nil {
			t.Fatal(err)
		}
		if testing.Short() && lo>>12%8 != 0 && lo >= 0x4000 {
			continue
		}
		form := forms[formNames[name]]
		var lines []string
		for c := lo; c < lo+0x1000; c++ {
			if 0xD800 <= c && c < 0xE000 {
				continue
			}
			ch := string(c)
			for _, s := range []string{ch, "a" + ch + "b", "e\u0301" + ch, "q\u0323" + ch + "\u0301", " " + ch + "'s"} {
				var edits *[]edit
				if c%8 == 0 {
					edits = new([]edit) // in parts
				}
				lines = append(lines, form.normalize(s, edits))
			}
		}
		if got := crc32.ChecksumIEEE([]byte(strings.Join(lines, "\n"))); got != sum {
			t.Errorf("%s from %X on: %08x, want %08x", name, lo, got, sum)
		}
	}
	if blocks != 4*0x110 {
		t.Errorf("%d blocks", blocks)
	}
}

// Normalizing in parts changes no result, and the edits say what changed.
func TestEdits(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	alphabet := []rune("ae\u0301\u0323\u0345\u00e9\u1100\u1161\u11a8각가ﬁｶﾞ½語\u0f73\u0344x ")
	for range 20000 {
		var b []rune
		for range 1 + r.IntN(12) {
			b = append(b, alphabet[r.IntN(len(alphabet))])
		}
		s := string(b)
		for name, f := range formNames {
			var edits []edit
			got := forms[f].normalize(s, &edits)
			if want := forms[f].normalize(s, nil); got != want {
				t.Fatalf("%s of %q: in parts %q, else %q", name, s, got, want)
			}
			back, old, now := "", 0, 0
			for _, e := range edits {
				if got[now:e.newFrom] != s[old:e.from] {
					t.Fatalf("%s of %q: edits %v", name, s, edits)
				}
				back += got[now:e.newFrom] + s[e.from:e.to]
				old, now = e.to, e.newTo
			}
			if back+got[now:] != s {
				t.Fatalf("%s of %q: edits %v", name, s, edits)
			}
		}
	}
}

// Patterns are read as the engines read them, or not at all.
func TestRegexErrors(t *testing.T) {
	for _, c := range []struct {
		pattern string
		want    string
	}{
		{`(a)\1`, `\1 at offset 3`}, {`a(?P<n>b)`, "a group of the kind"}, {`[[:alpha:]]`, "[:name:]"}, {`\p{Klingon}`, `"Klingon"`},
		{`(a`, "without end"}, {`a)`, "unmatched"}, {`[a`, "without end"}, {`[]a]`, "begins with ]"}, {`*a`, "nothing to repeat"}, {`(?:a*)*`, "may be empty"},
		{`a{3,2}`, "{3,2}"}, {`a{5000}`, "{5000,5000}"}, {`(?<=a+)b`, "several lengths"}, {`\`, "backslash"}, {`[z-a]`, `"z-a"`}, {`\x{110000}`, "escape"},
		{`\ud800`, "escape"}, {`(?i)\p{Lu}`, "case does not matter"}, {`(?i:é)`, "beyond ASCII"}, {`(?i:strasse)`, `"st"`}, {`a{2}?`, "lazy"}, {`\pL`, "braces"},
		{`((((a{900}){900}){900}){900})`, "too large"}, {`(?=a)*`, "repeated condition"}, {strings.Repeat("(", 200), "too many groups"},
		{strings.Repeat("[", 200), "too many classes"}, {"\xff", "UTF-8"}, {`[\d-z]`, "range from a class"}, {`[a-[b]]`, "range to a class"}, {`\G`, `\G`},
	} {
		if _, err := compileRegex(c.pattern, ruby); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.40s: %v", c.pattern, err)
		}
	}
}

// Digits knows digits that the pattern engine does not, as HF does.
func TestNewDigits(t *testing.T) {
	st := Step{Kind: Digits}
	if err := st.compile(); err != nil {
		t.Fatal(err)
	}
	const text = "x\U00011DE0\U00011DE9\u00bd7y"
	var parts []string
	if err := st.segments(text, func(i, j int) error { parts = append(parts, text[i:j]); return nil }); err != nil {
		t.Fatal(err)
	}
	if want := []string{"x", "\U00011DE0", "\U00011DE9", "\u00bd", "7", "y"}; !slices.Equal(parts, want) {
		t.Errorf("%q, want %q", parts, want)
	}
}

// A large class is read in time that hardly grows faster than it.
func TestLargeClass(t *testing.T) {
	var b strings.Builder
	for r := rune(0x10000); r < 0x40000; r += 2 {
		b.WriteRune(r)
	}
	re, err := compileRegex("["+b.String()+"]", ruby)
	if err != nil {
		t.Fatal(err)
	}
	m := machine{s: "a\U00010001\U00010002"}
	if from, to, ok := re.next(&m, 0); !ok || from != 5 || to != 9 {
		t.Error(from, to, ok)
	}
}

// A pattern that would take for ever is given up.
func TestRegexSteps(t *testing.T) {
	st := Step{Pattern: `(?:a+b?)+c`}
	if err := st.compile(); err != nil {
		t.Fatal(err)
	}
	err := st.segments(strings.Repeat("a", 10000), func(int, int) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "too many steps") {
		t.Error(err)
	}
}

func FuzzRegex(f *testing.F) {
	for _, p := range []string{
		GPT2Pattern, r50kPattern, cl100kPattern, o200kPattern, `[^a-y&&[^\s]]+`, `(?<!\s)\s(?=\S)`, `(?i:[a-m]+|sk?)x?`, `(?>a+b?)+|\d+`, `(?:ab?)*+c?`,
		`\p{^L}\P{Lu}|\p{Han}`, `a{,2}b|c{2,3}+`, `(?m:.)\z|^$`, `\b\B\A\Z`, `\x41\u0042\x{1F600}`, `[\p{L}--z]`, `\s*`,
	} {
		f.Add(p, "The quick brown fox's 語言 12345\r\n\n  x\u0301 I'LL", uint8(0), false)
		f.Add(p, "aaab cc \n A\u017f", uint8(7), true)
	}
	f.Fuzz(func(t *testing.T, pattern, text string, how uint8, ofBytes bool) {
		if len(text) > 100 || len(pattern) > 200 || strings.ToValidUTF8(text, "") != text {
			return
		}
		st := Step{Pattern: pattern, Behavior: Behavior(how % 5), Invert: how&8 != 0, Dialect: dialect(how >> 4 & 1), bytes: ofBytes}
		if st.compile() != nil || st.fast {
			return
		}
		var parts []string
		end := 0
		err := st.segments(text, func(from, to int) error {
			if from < end || to < from {
				t.Fatalf("%d to %d after %d", from, to, end)
			}
			parts = append(parts, text[from:to])
			end = to
			return nil
		})
		if err == nil && st.Behavior != Removed && strings.Join(parts, "") != text {
			t.Fatalf("%q became %q", text, parts)
		}
	})
}

// The patterns that have a rule give the same by the rule and by the engine.
func TestRules(t *testing.T) {
	for pattern, rule := range patterns {
		re, err := compileRegex(pattern, ruby)
		if err != nil {
			t.Errorf("%s: %v", pattern, err)
			continue
		}
		for _, style := range []string{"gpt2", "gpt4"} {
			for _, text := range inputs(t, style) {
				var got, want []int
				for i := 0; i < len(text); {
					i = rule.next(text, i)
					want = append(want, i)
				}
				m := machine{s: text}
				for i := 0; i < len(text); {
					from, to, ok := re.next(&m, i)
					if !ok || from != i {
						t.Fatalf("%s: %q: a match from %d to %d after %d", pattern, text, from, to, i)
					}
					got = append(got, to)
					i = to
				}
				if !slices.Equal(got, want) {
					t.Fatalf("%s: %q: %v by the engine, %v by the rule", pattern, text, got, want)
				}
			}
		}
	}
}
