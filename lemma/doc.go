// Package lemma turns words into the tokens of a language model and pools
// what is known of the tokens into one vector a word.
package lemma
