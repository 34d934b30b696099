package wordnet

import "iter"

// The methods of this file are named after NLTK's. Of a [Synset] they follow
// pointers between synsets, sorted by name; of a [Lemma] pointers between
// words, in the order of the file.

// Hypernyms returns the synsets of which s is a kind.
func (s Synset) Hypernyms() iter.Seq[Synset] { return s.Related(Hypernyms) }

// InstanceHypernyms returns the synsets of which s is an instance.
func (s Synset) InstanceHypernyms() iter.Seq[Synset] { return s.Related(InstanceHypernyms) }

// Hyponyms returns the kinds of s.
func (s Synset) Hyponyms() iter.Seq[Synset] { return s.Related(Hyponyms) }

// InstanceHyponyms returns the instances of s.
func (s Synset) InstanceHyponyms() iter.Seq[Synset] { return s.Related(InstanceHyponyms) }

// MemberHolonyms returns what s is a member of.
func (s Synset) MemberHolonyms() iter.Seq[Synset] { return s.Related(MemberHolonyms) }

// SubstanceHolonyms returns what s is a substance of.
func (s Synset) SubstanceHolonyms() iter.Seq[Synset] { return s.Related(SubstanceHolonyms) }

// PartHolonyms returns what s is a part of.
func (s Synset) PartHolonyms() iter.Seq[Synset] { return s.Related(PartHolonyms) }

// MemberMeronyms returns the members of s.
func (s Synset) MemberMeronyms() iter.Seq[Synset] { return s.Related(MemberMeronyms) }

// SubstanceMeronyms returns the substances of s.
func (s Synset) SubstanceMeronyms() iter.Seq[Synset] { return s.Related(SubstanceMeronyms) }

// PartMeronyms returns the parts of s.
func (s Synset) PartMeronyms() iter.Seq[Synset] { return s.Related(PartMeronyms) }

// TopicDomains returns the topics s belongs to.
func (s Synset) TopicDomains() iter.Seq[Synset] { return s.Related(TopicDomains) }

// InTopicDomains returns what belongs to the topic s.
func (s Synset) InTopicDomains() iter.Seq[Synset] { return s.Related(InTopicDomains) }

// RegionDomains returns the regions where s is used.
func (s Synset) RegionDomains() iter.Seq[Synset] { return s.Related(RegionDomains) }

// InRegionDomains returns what is used in the region s.
func (s Synset) InRegionDomains() iter.Seq[Synset] { return s.Related(InRegionDomains) }

// UsageDomains returns the usages s belongs to.
func (s Synset) UsageDomains() iter.Seq[Synset] { return s.Related(UsageDomains) }

// InUsageDomains returns what belongs to the usage s.
func (s Synset) InUsageDomains() iter.Seq[Synset] { return s.Related(InUsageDomains) }

// Attributes returns the attributes of an adjective, or the adjectives of an attribute.
func (s Synset) Attributes() iter.Seq[Synset] { return s.Related(Attributes) }

// Entailments returns what a verb entails.
func (s Synset) Entailments() iter.Seq[Synset] { return s.Related(Entailments) }

// Causes returns what a verb causes.
func (s Synset) Causes() iter.Seq[Synset] { return s.Related(Causes) }

// AlsoSees returns what the editors refer to.
func (s Synset) AlsoSees() iter.Seq[Synset] { return s.Related(AlsoSees) }

// VerbGroups returns the verbs of similar meaning.
func (s Synset) VerbGroups() iter.Seq[Synset] { return s.Related(VerbGroups) }

// SimilarTos returns the satellites of an adjective, or the head of a satellite.
func (s Synset) SimilarTos() iter.Seq[Synset] { return s.Related(SimilarTos) }

// Hypernyms returns the lemmas of which l is a kind.
func (l Lemma) Hypernyms() iter.Seq[Lemma] { return l.Related(Hypernyms) }

// InstanceHypernyms returns the lemmas of which l is an instance.
func (l Lemma) InstanceHypernyms() iter.Seq[Lemma] { return l.Related(InstanceHypernyms) }

// Hyponyms returns the kinds of l.
func (l Lemma) Hyponyms() iter.Seq[Lemma] { return l.Related(Hyponyms) }

// InstanceHyponyms returns the instances of l.
func (l Lemma) InstanceHyponyms() iter.Seq[Lemma] { return l.Related(InstanceHyponyms) }

// MemberHolonyms returns what l is a member of.
func (l Lemma) MemberHolonyms() iter.Seq[Lemma] { return l.Related(MemberHolonyms) }

// SubstanceHolonyms returns what l is a substance of.
func (l Lemma) SubstanceHolonyms() iter.Seq[Lemma] { return l.Related(SubstanceHolonyms) }

// PartHolonyms returns what l is a part of.
func (l Lemma) PartHolonyms() iter.Seq[Lemma] { return l.Related(PartHolonyms) }

// MemberMeronyms returns the members of l.
func (l Lemma) MemberMeronyms() iter.Seq[Lemma] { return l.Related(MemberMeronyms) }

// SubstanceMeronyms returns the substances of l.
func (l Lemma) SubstanceMeronyms() iter.Seq[Lemma] { return l.Related(SubstanceMeronyms) }

// PartMeronyms returns the parts of l.
func (l Lemma) PartMeronyms() iter.Seq[Lemma] { return l.Related(PartMeronyms) }

// TopicDomains returns the topics l belongs to.
func (l Lemma) TopicDomains() iter.Seq[Lemma] { return l.Related(TopicDomains) }

// InTopicDomains returns what belongs to the topic l.
func (l Lemma) InTopicDomains() iter.Seq[Lemma] { return l.Related(InTopicDomains) }

// RegionDomains returns the regions where l is used.
func (l Lemma) RegionDomains() iter.Seq[Lemma] { return l.Related(RegionDomains) }

// InRegionDomains returns what is used in the region l.
func (l Lemma) InRegionDomains() iter.Seq[Lemma] { return l.Related(InRegionDomains) }

// UsageDomains returns the usages l belongs to.
func (l Lemma) UsageDomains() iter.Seq[Lemma] { return l.Related(UsageDomains) }

// InUsageDomains returns what belongs to the usage l.
func (l Lemma) InUsageDomains() iter.Seq[Lemma] { return l.Related(InUsageDomains) }

// Attributes returns the attributes of an adjective, or the adjectives of an attribute.
func (l Lemma) Attributes() iter.Seq[Lemma] { return l.Related(Attributes) }

// Entailments returns what a verb entails.
func (l Lemma) Entailments() iter.Seq[Lemma] { return l.Related(Entailments) }

// Causes returns what a verb causes.
func (l Lemma) Causes() iter.Seq[Lemma] { return l.Related(Causes) }

// AlsoSees returns what the editors refer to.
func (l Lemma) AlsoSees() iter.Seq[Lemma] { return l.Related(AlsoSees) }

// VerbGroups returns the verbs of similar meaning.
func (l Lemma) VerbGroups() iter.Seq[Lemma] { return l.Related(VerbGroups) }

// SimilarTos returns the satellites of an adjective, or the head of a satellite.
func (l Lemma) SimilarTos() iter.Seq[Lemma] { return l.Related(SimilarTos) }

// Antonyms returns the opposites.
func (l Lemma) Antonyms() iter.Seq[Lemma] { return l.Related(Antonyms) }

// DerivationallyRelatedForms returns words of the same stem.
func (l Lemma) DerivationallyRelatedForms() iter.Seq[Lemma] {
	return l.Related(DerivationallyRelatedForms)
}

// Pertainyms returns what an adjective pertains to, or the adjective an adverb is derived from.
func (l Lemma) Pertainyms() iter.Seq[Lemma] { return l.Related(Pertainyms) }
