package kit

import "testing"

func TestDisplay(t *testing.T) {
	for in, want := range map[string]string{
		"law": "law", "a\nb": "a b", " a  b ": "a b", "   ": "", "a ": "a", "a\x00b": "ab", "x\xffy": "x\uFFFDy", "\u202eabc": "abc", "é": "é",
	} {
		if got := Display(in); got != want {
			t.Errorf("%q shows as %q, want %q", in, got, want)
		}
	}
}
