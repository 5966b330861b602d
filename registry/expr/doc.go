// Package expr compiles and runs the expressions of field definitions: what a
// computed field is made of, and when a field is shown or needed. The language
// is the Common Expression Language (CEL, cel-spec 0.24), by google/cel-go.
//
// It is pure: it knows neither fields nor people, only named values of a few
// kinds. An expression gives the same result for the same values everywhere and
// for ever: there is no clock, no time zone but UTC, nothing random. What it may
// cost is bounded three times: by its length and depth when it is read, by an
// estimate of the worst case when it is compiled, and by a count while it runs.
package expr
