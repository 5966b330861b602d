// Package demodata invents people for trying out, tests and benchmarks: a CSV
// file whose households, ages, names and places have the shape of a national
// social registry. The same seed gives the same bytes.
//
// Nobody in it exists. It knows nothing of the registry but the names of some
// columns.
package demodata
