package main

var (
	Run      = run
	ExitCode = exitCode
	Verdict  = verdict
	Clean    = clean
	Value    = value
)
