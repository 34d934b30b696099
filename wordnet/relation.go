package wordnet

import "fmt"

// A Relation is a kind of pointer between synsets or between lemmas.
// [Relations] lists them. [ParseRelation] finds one by its name or symbol.
//
//	hypernyms             @     region_domains                 ;r
//	instance_hypernyms    @i    usage_domains                  ;u
//	hyponyms              ~     in_topic_domains               -c
//	instance_hyponyms     ~i    in_region_domains              -r
//	member_holonyms       #m    in_usage_domains               -u
//	substance_holonyms    #s    attributes                     =
//	part_holonyms         #p    entailments                    *
//	member_meronyms       %m    causes                         >
//	substance_meronyms    %s    also_sees                      ^
//	part_meronyms         %p    verb_groups                    $
//	topic_domains         ;c    similar_tos                    &
//	antonyms              !     derivationally_related_forms   +
//	pertainyms            \     participles                    <
//
// In WordNet 3.0 the four relations of the last two lines are only between
// lemmas.
type Relation uint8

const (
	hypernyms Relation = iota + 1
	instanceHypernyms
	hyponyms
	instanceHyponyms
	memberHolonyms
	substanceHolonyms
	partHolonyms
	memberMeronyms
	substanceMeronyms
	partMeronyms
	topicDomains
	regionDomains
	usageDomains
	inTopicDomains
	inRegionDomains
	inUsageDomains
	attributes
	entailments
	causes
	alsoSees
	verbGroups
	similarTos
	antonyms
	derivationallyRelatedForms
	pertainyms
	participles

	relations = iota + 1
)

var relationTable = [relations]struct {
	name, symbol string
	inverse      Relation
}{
	hypernyms:                  {"hypernyms", "@", hyponyms},
	instanceHypernyms:          {"instance_hypernyms", "@i", instanceHyponyms},
	hyponyms:                   {"hyponyms", "~", hypernyms},
	instanceHyponyms:           {"instance_hyponyms", "~i", instanceHypernyms},
	memberHolonyms:             {"member_holonyms", "#m", memberMeronyms},
	substanceHolonyms:          {"substance_holonyms", "#s", substanceMeronyms},
	partHolonyms:               {"part_holonyms", "#p", partMeronyms},
	memberMeronyms:             {"member_meronyms", "%m", memberHolonyms},
	substanceMeronyms:          {"substance_meronyms", "%s", substanceHolonyms},
	partMeronyms:               {"part_meronyms", "%p", partHolonyms},
	topicDomains:               {"topic_domains", ";c", inTopicDomains},
	inTopicDomains:             {"in_topic_domains", "-c", topicDomains},
	regionDomains:              {"region_domains", ";r", inRegionDomains},
	inRegionDomains:            {"in_region_domains", "-r", regionDomains},
	usageDomains:               {"usage_domains", ";u", inUsageDomains},
	inUsageDomains:             {"in_usage_domains", "-u", usageDomains},
	attributes:                 {"attributes", "=", attributes},
	entailments:                {"entailments", "*", 0},
	causes:                     {"causes", ">", 0},
	alsoSees:                   {"also_sees", "^", 0},
	verbGroups:                 {"verb_groups", "$", verbGroups},
	similarTos:                 {"similar_tos", "&", similarTos},
	antonyms:                   {"antonyms", "!", antonyms},
	derivationallyRelatedForms: {"derivationally_related_forms", "+", derivationallyRelatedForms},
	pertainyms:                 {"pertainyms", `\`, 0},
	participles:                {"participles", "<", 0},
}

func (r Relation) valid() bool { return r > 0 && r < relations }

// String returns the name of NLTK's method, such as "hypernyms".
func (r Relation) String() string {
	if !r.valid() {
		return fmt.Sprintf("Relation(%d)", uint8(r))
	}
	return relationTable[r].name
}

// Inverse returns the relation that WordNet stores in the opposite direction,
// such as hyponyms for hypernyms. ok is false if there is none.
func (r Relation) Inverse() (inverse Relation, ok bool) {
	if !r.valid() {
		return 0, false
	}
	i := relationTable[r].inverse
	return i, i != 0
}

// ParseRelation returns the relation with a name such as "part_meronyms" or a
// symbol such as "%p". For anything else the error wraps [ErrNotFound].
func ParseRelation(s string) (Relation, error) {
	for r := Relation(1); r < relations; r++ {
		if relationTable[r].name == s || relationTable[r].symbol == s {
			return r, nil
		}
	}
	return 0, fmt.Errorf("wordnet: %w: no relation %q", ErrNotFound, s)
}

// Relations returns all 26 relations: first those between synsets, then those
// between lemmas only.
func Relations() []Relation {
	all := make([]Relation, 0, relations-1)
	for r := Relation(1); r < relations; r++ {
		all = append(all, r)
	}
	return all
}

// relationOf returns the relation of a pointer symbol, or 0.
func relationOf[T bytestring](sym T) Relation {
	if len(sym) != 1 && len(sym) != 2 {
		return 0
	}
	s := symbol(sym)
	if e := &bySymbol[symbolKey(s)]; e.symbol == s {
		return e.rel
	}
	return 0
}

// symbol returns a symbol of one or two bytes as a number.
func symbol[T bytestring](sym T) uint16 {
	s := uint16(sym[0])
	if len(sym) == 2 {
		s |= uint16(sym[1]) << 8
	}
	return s
}

// symbolKey is different for all symbols, which the tests see to.
func symbolKey(s uint16) uint8 { return (uint8(s) + 2*uint8(s>>8)) % 128 }

var bySymbol = func() (t [128]struct {
	symbol uint16
	rel    Relation
}) {
	for r := Relation(1); r < relations; r++ {
		s := symbol(relationTable[r].symbol)
		t[symbolKey(s)].symbol, t[symbolKey(s)].rel = s, r
	}
	return t
}()
