#!/usr/bin/env bash
# What `make test` runs: every test of every module of the tree, on PostgreSQL and
# SQLite, in Chromium and against npm wallets. SR_SHARED names the folder of test
# vectors; without it their tests are skipped and counted.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export GOFLAGS=${GOFLAGS:--tags=nomsgpack} CGO_ENABLED=0
root=$PWD
[ -z "${SR_SHARED:-}" ] || SR_SHARED=$(cd "$SR_SHARED" && pwd)

scripts/install-test-deps.sh
scripts/assets.sh
mkdir -p bin
go build -o bin/ ./cmd/... ./internal/srcheck
export SR_E2E_BINARY=$root/bin/socialregistry

# A failing module must not hide the results of the others: srcheck judges them.
run() { (cd "$1" && go test -json -count=1 -timeout 30m ./...) || true; }
{
	run .
	for mod in $(git ls-files -co --exclude-standard -- '*/go.mod'); do run "$(dirname "$mod")"; done
} 2>&1 | "$root/bin/srcheck" results
