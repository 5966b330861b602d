package main

// Run is run, for tests.
var Run = run

// Disclose is disclose, for tests.
var Disclose = disclose

// Series is series, for tests.
var Series = series
