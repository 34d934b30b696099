package wordnet

import "iter"

// The methods of this file are named after NLTK's. They return what Related
// returns for the relation of the same name.

// Hypernyms returns the synsets of which s is a kind. For the classes of an
// instance, such as a person, see [Synset.InstanceHypernyms].
func (s Synset) Hypernyms() iter.Seq[Synset] { return s.Related(hypernyms) }

// InstanceHypernyms returns the synsets of which s is an instance, such as
// physicist.n.01 for einstein.n.01.
func (s Synset) InstanceHypernyms() iter.Seq[Synset] { return s.Related(instanceHypernyms) }

// Hyponyms returns the kinds of s. Instances of s are not among them; see
// [Synset.InstanceHyponyms].
func (s Synset) Hyponyms() iter.Seq[Synset] { return s.Related(hyponyms) }

// InstanceHyponyms returns the instances of s, such as einstein.n.01 for
// physicist.n.01.
func (s Synset) InstanceHyponyms() iter.Seq[Synset] { return s.Related(instanceHyponyms) }

// MemberHolonyms returns the groups that s is a member of.
func (s Synset) MemberHolonyms() iter.Seq[Synset] { return s.Related(memberHolonyms) }

// SubstanceHolonyms returns the things that s is a substance of.
func (s Synset) SubstanceHolonyms() iter.Seq[Synset] { return s.Related(substanceHolonyms) }

// PartHolonyms returns the things that s is a part of.
func (s Synset) PartHolonyms() iter.Seq[Synset] { return s.Related(partHolonyms) }

// MemberMeronyms returns the members of s.
func (s Synset) MemberMeronyms() iter.Seq[Synset] { return s.Related(memberMeronyms) }

// SubstanceMeronyms returns the substances of s.
func (s Synset) SubstanceMeronyms() iter.Seq[Synset] { return s.Related(substanceMeronyms) }

// PartMeronyms returns the parts of s.
func (s Synset) PartMeronyms() iter.Seq[Synset] { return s.Related(partMeronyms) }

// TopicDomains returns the topics that s belongs to.
func (s Synset) TopicDomains() iter.Seq[Synset] { return s.Related(topicDomains) }

// InTopicDomains returns the synsets that belong to the topic s.
func (s Synset) InTopicDomains() iter.Seq[Synset] { return s.Related(inTopicDomains) }

// RegionDomains returns the regions where s is used.
func (s Synset) RegionDomains() iter.Seq[Synset] { return s.Related(regionDomains) }

// InRegionDomains returns the synsets used in the region s.
func (s Synset) InRegionDomains() iter.Seq[Synset] { return s.Related(inRegionDomains) }

// UsageDomains returns the usages that s belongs to, such as slang.
func (s Synset) UsageDomains() iter.Seq[Synset] { return s.Related(usageDomains) }

// InUsageDomains returns the synsets that belong to the usage s.
func (s Synset) InUsageDomains() iter.Seq[Synset] { return s.Related(inUsageDomains) }

// Attributes returns the attributes of an adjective, or the adjectives of an attribute.
func (s Synset) Attributes() iter.Seq[Synset] { return s.Related(attributes) }

// Entailments returns the actions that a verb entails.
func (s Synset) Entailments() iter.Seq[Synset] { return s.Related(entailments) }

// Causes returns the actions that a verb causes.
func (s Synset) Causes() iter.Seq[Synset] { return s.Related(causes) }

// AlsoSees returns the synsets of WordNet's "see also" references.
func (s Synset) AlsoSees() iter.Seq[Synset] { return s.Related(alsoSees) }

// VerbGroups returns the verbs with a similar meaning.
func (s Synset) VerbGroups() iter.Seq[Synset] { return s.Related(verbGroups) }

// SimilarTos returns the satellites of an adjective, or the head of a satellite.
func (s Synset) SimilarTos() iter.Seq[Synset] { return s.Related(similarTos) }

// Antonyms returns the lemmas with the opposite meaning.
func (l Lemma) Antonyms() iter.Seq[Lemma] { return l.Related(antonyms) }

// DerivationallyRelatedForms returns lemmas with the same stem, such as verbs
// for a noun.
func (l Lemma) DerivationallyRelatedForms() iter.Seq[Lemma] {
	return l.Related(derivationallyRelatedForms)
}

// Pertainyms returns the nouns that an adjective pertains to, or the adjective
// that an adverb is derived from.
func (l Lemma) Pertainyms() iter.Seq[Lemma] { return l.Related(pertainyms) }
