// Package wordnet reads WordNet databases and answers as NLTK's reader does.
package wordnet
