package wordnet

import (
	"errors"
	"fmt"
	"strings"
)

// eachLine calls f with every line of a text. An error is placed at the line
// and, if it is not forgiven, ends the search.
func eachLine(file, text string, forgive func(error) error, f func(line string) error) error {
	for n := 1; text != ""; n++ {
		line, rest, _ := strings.Cut(text, "\n")
		text = rest
		if err := f(strings.TrimSuffix(line, "\r")); err != nil {
			if err := forgive(&syntaxError{file: file, line: n, err: err}); err != nil {
				return err
			}
		}
	}
	return nil
}

// strict forgives nothing.
func strict(err error) error { return err }

// parseExceptions reads a list of irregular forms: form base [base...]. Of a
// form that stands twice the last line holds, as in NLTK.
func parseExceptions(file, text string, p part, exc map[string][parts]string, forgive func(error) error) error {
	return eachLine(file, text, forgive, func(line string) error {
		form, bases, ok := strings.Cut(line, " ")
		if bases = strings.Trim(bases, " "); !ok || form == "" || bases == "" {
			return errors.New("want a form and its bases")
		}
		e := exc[form]
		e[p] = bases
		exc[form] = e
		return nil
	})
}

// parseLexNames reads the names of the lexicographer files: number name pos.
func parseLexNames(file, text string) ([]string, error) {
	if text == "" {
		return lexNames[:], nil
	}
	var names []string
	err := eachLine(file, text, strict, func(line string) error {
		f := strings.Fields(line)
		if len(f) != 3 {
			return fmt.Errorf("%d fields, want number, name and part of speech", len(f))
		}
		if n, ok := decimal(f[0]); !ok || int(n) != len(names) {
			return &badField{"number", f[0]}
		}
		if len(names) > 255 {
			return errors.New("more than 256 lexicographer files")
		}
		names = append(names, strings.Clone(f[1]))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return names, nil
}

// lexNames are the names of lexicographer files, from lexnames(5WN) of
// WordNet 3.0.
var lexNames = [...]string{
	"adj.all", "adj.pert", "adv.all", "noun.Tops", "noun.act", "noun.animal",
	"noun.artifact", "noun.attribute", "noun.body", "noun.cognition",
	"noun.communication", "noun.event", "noun.feeling", "noun.food",
	"noun.group", "noun.location", "noun.motive", "noun.object",
	"noun.person", "noun.phenomenon", "noun.plant", "noun.possession",
	"noun.process", "noun.quantity", "noun.relation", "noun.shape",
	"noun.state", "noun.substance", "noun.time", "verb.body", "verb.change",
	"verb.cognition", "verb.communication", "verb.competition",
	"verb.consumption", "verb.contact", "verb.creation", "verb.emotion",
	"verb.motion", "verb.perception", "verb.possession", "verb.social",
	"verb.stative", "verb.weather", "adj.ppl",
}

// verbFrames are the patterns of WordNet 3.0, 1 to 35, and the four that Open
// English WordNet adds, as NLTK words them: frames.vrb, which NLTK does not
// read, has "Something ----s". The verb goes where ---- stands.
var verbFrames = [...]string{
	1:  "Something ----",
	2:  "Somebody ----",
	3:  "It is ----ing",
	4:  "Something is ----ing PP",
	5:  "Something ---- something Adjective/Noun",
	6:  "Something ---- Adjective/Noun",
	7:  "Somebody ---- Adjective",
	8:  "Somebody ---- something",
	9:  "Somebody ---- somebody",
	10: "Something ---- somebody",
	11: "Something ---- something",
	12: "Something ---- to somebody",
	13: "Somebody ---- on something",
	14: "Somebody ---- somebody something",
	15: "Somebody ---- something to somebody",
	16: "Somebody ---- something from somebody",
	17: "Somebody ---- somebody with something",
	18: "Somebody ---- somebody of something",
	19: "Somebody ---- something on somebody",
	20: "Somebody ---- somebody PP",
	21: "Somebody ---- something PP",
	22: "Somebody ---- PP",
	23: "Somebody's (body part) ----",
	24: "Somebody ---- somebody to INFINITIVE",
	25: "Somebody ---- somebody INFINITIVE",
	26: "Somebody ---- that CLAUSE",
	27: "Somebody ---- to somebody",
	28: "Somebody ---- to INFINITIVE",
	29: "Somebody ---- whether INFINITIVE",
	30: "Somebody ---- somebody into V-ing something",
	31: "Somebody ---- something with something",
	32: "Somebody ---- INFINITIVE",
	33: "Somebody ---- VERB-ing",
	34: "It ---- that CLAUSE",
	35: "Something ---- INFINITIVE",
	36: "Somebody ---- at something",
	37: "Somebody ---- for something",
	38: "Somebody ---- on somebody",
	39: "Somebody ---- out of somebody",
}
