// Package extract makes activation maps from the weights of a language model
// and text.
package extract
