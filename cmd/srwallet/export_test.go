package main

// Run is run, for tests.
var Run = run

// Disclose is disclose, for tests.
var Disclose = disclose
