// Package kin derives how people are related from what a registry records of
// them: who their parents are, who is married to whom, who is whose guardian.
//
// It is pure: it is handed the edges of a neighbourhood and reads nothing. It
// knows neither names, sexes nor languages. A Term is neutral; a word such as
// "aunt" is made of it and the relative's sex where it is shown, in the language
// of whoever reads it.
//
// Requirements: line R3 of docs/compliance/social-registry.md.
package kin
