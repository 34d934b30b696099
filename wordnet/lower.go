package wordnet

import (
	"strings"
	"unicode"
)

// lower is Python's str.lower. It differs from Go's for two letters: İ
// becomes two characters and Σ at the end of a word becomes ς.
func lower(s string) string {
	for i := range len(s) {
		if s[i] >= 0x80 {
			if strings.ContainsAny(s, "İΣ") {
				return lowerSpecial(s)
			}
			break
		}
	}
	return strings.ToLower(s)
}

func lowerSpecial(s string) string {
	rs := []rune(s)
	var b strings.Builder
	for i, r := range rs {
		switch {
		case r == 'İ':
			b.WriteString("i\u0307")
		case r == 'Σ' && casedBeside(rs, i, -1) && !casedBeside(rs, i, +1):
			b.WriteRune('ς')
		default:
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

// casedBeside reports whether the next character in a direction that has any
// say in case is a cased letter: the condition Final_Sigma of Unicode.
func casedBeside(rs []rune, i, step int) bool {
	for i += step; 0 <= i && i < len(rs); i += step {
		r := rs[i]
		if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf, unicode.Lm, unicode.Sk) || strings.ContainsRune("'.:·’‘․﹒＇．", r) {
			continue
		}
		return unicode.In(r, unicode.Lu, unicode.Ll, unicode.Lt)
	}
	return false
}

// isLower reports whether lower leaves s as it is.
func isLower[T bytestring](s T) bool {
	for i := range len(s) {
		c := s[i]
		if c >= 0x80 {
			return lower(string(s[i:])) == string(s[i:])
		}
		if 'A' <= c && c <= 'Z' {
			return false
		}
	}
	return true
}
