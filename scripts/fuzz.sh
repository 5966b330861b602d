#!/bin/bash
# Runs each fuzz test of the module for FUZZTIME. What one finds is kept in its
# package's testdata/fuzz, where it is a test from then on.
set -euo pipefail
cd "$(dirname "$0")/.."
time=${FUZZTIME:-20s}
found=0
while IFS=: read -r file name; do
	found=$((found + 1))
	echo "$(dirname "$file") $name"
	go test -run '^$' -fuzz "^$name\$" -fuzztime "$time" -fuzzminimizetime 2s "./$(dirname "$file")"
done < <(grep -roE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' --exclude-dir=node_modules . | sed -E 's|^\./||; s|:func |:|' | sort -u)
((found > 0)) || { echo "no fuzz tests were found" >&2; exit 1; }
