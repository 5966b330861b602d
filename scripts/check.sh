#!/usr/bin/env bash
# What `make check` runs: everything about the tree that needs no database and no
# browser. It names each part, and stops at none before the end.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export GOFLAGS=${GOFLAGS:--tags=nomsgpack} CGO_ENABLED=0
failed=()

part() { # part NAME COMMAND...
	local name=$1 out
	shift
	if out=$("$@" 2>&1); then
		printf 'ok    %s\n' "$name"
	else
		printf 'FAIL  %s\n' "$name"
		failed+=("$name")
	fi
	[ -z "$out" ] || sed 's/^/      /' <<<"$out"
}

# Our Go files: those of git, or all but installed ones where there is no git.
go_files() {
	git ls-files -co --exclude-standard -- '*.go' 2>/dev/null ||
		find . -name '*.go' -not -path '*/node_modules/*' -not -path './var/*'
}

formatted() {
	local files
	files=$(go_files | xargs -r gofmt -l)
	[ -z "$files" ] || { echo "Run gofmt -w on:"; echo "$files"; return 1; }
}

# Files of over 500 lines must be split; tests may be longer than code.
sizes() {
	local long
	long=$(go_files | grep -v _test.go | xargs -r wc -l | awk '$2 != "total" && $1 > 500 {print $2 ": " $1 " lines, at most 500"}')
	[ -z "$long" ] || { echo "$long"; return 1; }
}

nested() { # nested COMMAND...: run it in each other Go module of the tree
	local mod
	for mod in $(git ls-files -co --exclude-standard -- '*/go.mod'); do
		(cd "$(dirname "$mod")" && "$@") || return 1
	done
}

part gofmt formatted
part "file sizes" sizes
part vet go vet ./...
part "vet, other modules" nested go vet ./...
part staticcheck go tool -modfile=scripts/tools.mod staticcheck ./...
part "import rules" go test -count=1 ./internal/imports
part "where is, compliance" go run ./internal/srcheck tree

[ ${#failed[@]} -eq 0 ] || { echo "check: ${#failed[@]} parts failed"; exit 1; }
echo "check: all good"
