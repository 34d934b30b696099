package wordnet

import "fmt"

// A Relation is a kind of pointer between synsets or between lemmas.
type Relation uint8

// The relations, with the symbols of the database files. In WordNet 3.0 the
// last four, from Antonyms on, hold between lemmas only.
const (
	Hypernyms                  Relation = iota + 1 // @
	InstanceHypernyms                              // @i
	Hyponyms                                       // ~
	InstanceHyponyms                               // ~i
	MemberHolonyms                                 // #m
	SubstanceHolonyms                              // #s
	PartHolonyms                                   // #p
	MemberMeronyms                                 // %m
	SubstanceMeronyms                              // %s
	PartMeronyms                                   // %p
	TopicDomains                                   // ;c
	RegionDomains                                  // ;r
	UsageDomains                                   // ;u
	InTopicDomains                                 // -c
	InRegionDomains                                // -r
	InUsageDomains                                 // -u
	Attributes                                     // =
	Entailments                                    // *
	Causes                                         // >
	AlsoSees                                       // ^
	VerbGroups                                     // $
	SimilarTos                                     // &
	Antonyms                                       // !
	DerivationallyRelatedForms                     // +
	Pertainyms                                     // \ (of adverbs: derived from adjective)
	Participles                                    // < (NLTK has no method for it)

	relations = iota + 1
)

var relationTable = [relations]struct {
	name, symbol string
	inverse      Relation
}{
	Hypernyms:                  {"hypernyms", "@", Hyponyms},
	InstanceHypernyms:          {"instance_hypernyms", "@i", InstanceHyponyms},
	Hyponyms:                   {"hyponyms", "~", Hypernyms},
	InstanceHyponyms:           {"instance_hyponyms", "~i", InstanceHypernyms},
	MemberHolonyms:             {"member_holonyms", "#m", MemberMeronyms},
	SubstanceHolonyms:          {"substance_holonyms", "#s", SubstanceMeronyms},
	PartHolonyms:               {"part_holonyms", "#p", PartMeronyms},
	MemberMeronyms:             {"member_meronyms", "%m", MemberHolonyms},
	SubstanceMeronyms:          {"substance_meronyms", "%s", SubstanceHolonyms},
	PartMeronyms:               {"part_meronyms", "%p", PartHolonyms},
	TopicDomains:               {"topic_domains", ";c", InTopicDomains},
	InTopicDomains:             {"in_topic_domains", "-c", TopicDomains},
	RegionDomains:              {"region_domains", ";r", InRegionDomains},
	InRegionDomains:            {"in_region_domains", "-r", RegionDomains},
	UsageDomains:               {"usage_domains", ";u", InUsageDomains},
	InUsageDomains:             {"in_usage_domains", "-u", UsageDomains},
	Attributes:                 {"attributes", "=", Attributes},
	Entailments:                {"entailments", "*", 0},
	Causes:                     {"causes", ">", 0},
	AlsoSees:                   {"also_sees", "^", 0},
	VerbGroups:                 {"verb_groups", "$", VerbGroups},
	SimilarTos:                 {"similar_tos", "&", SimilarTos},
	Antonyms:                   {"antonyms", "!", Antonyms},
	DerivationallyRelatedForms: {"derivationally_related_forms", "+", DerivationallyRelatedForms},
	Pertainyms:                 {"pertainyms", `\`, 0},
	Participles:                {"participles", "<", 0},
}

func (r Relation) valid() bool { return r > 0 && r < relations }

// String returns the name of NLTK's method, such as "hypernyms".
func (r Relation) String() string {
	if !r.valid() {
		return fmt.Sprintf("Relation(%d)", uint8(r))
	}
	return relationTable[r].name
}

// Symbol returns the pointer symbol of the database files, such as "@".
func (r Relation) Symbol() string {
	if !r.valid() {
		return "?"
	}
	return relationTable[r].symbol
}

// Inverse returns the relation that WordNet keeps in the other direction, or
// false for one without.
func (r Relation) Inverse() (Relation, bool) {
	if !r.valid() {
		return 0, false
	}
	i := relationTable[r].inverse
	return i, i != 0
}

// ParseRelation returns the relation of a name such as "part_meronyms" or of
// a symbol such as "%p".
func ParseRelation(s string) (Relation, error) {
	for r := Relation(1); r < relations; r++ {
		if relationTable[r].name == s || relationTable[r].symbol == s {
			return r, nil
		}
	}
	return 0, fmt.Errorf("wordnet: %w: no relation %q", ErrNotFound, s)
}

// Relations returns every relation, in the order of their constants.
func Relations() []Relation {
	all := make([]Relation, 0, relations-1)
	for r := Relation(1); r < relations; r++ {
		all = append(all, r)
	}
	return all
}

// relationOf returns the relation of a pointer symbol, or 0.
func relationOf[T bytestring](sym T) Relation {
	if len(sym) == 0 || len(sym) > 2 {
		return 0
	}
	if len(sym) == 1 {
		switch sym[0] {
		case '@':
			return Hypernyms
		case '~':
			return Hyponyms
		case '=':
			return Attributes
		case '*':
			return Entailments
		case '>':
			return Causes
		case '^':
			return AlsoSees
		case '$':
			return VerbGroups
		case '&':
			return SimilarTos
		case '!':
			return Antonyms
		case '+':
			return DerivationallyRelatedForms
		case '\\':
			return Pertainyms
		case '<':
			return Participles
		}
		return 0
	}
	switch uint16(sym[0])<<8 | uint16(sym[1]) {
	case '@'<<8 | 'i':
		return InstanceHypernyms
	case '~'<<8 | 'i':
		return InstanceHyponyms
	case '#'<<8 | 'm':
		return MemberHolonyms
	case '#'<<8 | 's':
		return SubstanceHolonyms
	case '#'<<8 | 'p':
		return PartHolonyms
	case '%'<<8 | 'm':
		return MemberMeronyms
	case '%'<<8 | 's':
		return SubstanceMeronyms
	case '%'<<8 | 'p':
		return PartMeronyms
	case ';'<<8 | 'c':
		return TopicDomains
	case '-'<<8 | 'c':
		return InTopicDomains
	case ';'<<8 | 'r':
		return RegionDomains
	case '-'<<8 | 'r':
		return InRegionDomains
	case ';'<<8 | 'u':
		return UsageDomains
	case '-'<<8 | 'u':
		return InUsageDomains
	}
	return 0
}
