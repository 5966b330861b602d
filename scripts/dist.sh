#!/usr/bin/env bash
# Builds what is given out: an archive of each command for each system, with its SBOM
# (CycloneDX) and the licences of what is in it, the verifier for browsers with its test
# vectors, and SHA256SUMS. The same commit, Go and npm packages give the same bytes,
# wherever it runs.
# Usage: dist.sh [OUT [PART...]]   OUT: ./dist; a PART: COMMAND:OS/ARCH, or verifier
set -euo pipefail
out=${1:-dist}
shift || true
mkdir -p "$out"
out=$(cd "$out" && pwd)
cd "$(dirname "${BASH_SOURCE[0]}")/.."

parts=("$@")
if [ ${#parts[@]} -eq 0 ]; then
	for system in linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64; do parts+=("srverify:$system"); done
	parts+=({socialregistry,srwallet}:linux/{amd64,arm64} verifier)
	rm -f "$out"/*.tar.gz "$out"/*.zip "$out"/*.cdx.json "$out"/SHA256SUMS
fi

# What could make one build differ from another is said here, not by the machine.
unset GOEXPERIMENT GODEBUG GOFIPS140 GOOS GOARCH
export CGO_ENABLED=0 GOFLAGS=-tags=nomsgpack GOWORK=off GOAMD64=v1 GOARM64=v8.0 LC_ALL=C TZ=UTC
version=false # of the commit, which Go writes into each command
if [ -e .git ] && git rev-parse --verify -q HEAD >/dev/null; then
	version=true
	SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
	[ -z "$(git status --porcelain)" ] || echo "dist: there are changes that are not committed; the version says +dirty" >&2
fi
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go build -trimpath -buildvcs=$version -o "$work/pack" ./scripts/pack # says the version, too
for part in "${parts[@]}"; do
	case $part in
	verifier)
		[ -e web/verifier/js/vendor/jsonld.min.js ] || { echo "dist: web/verifier/js/vendor is missing: make assets" >&2; exit 1; }
		cp -R web/verifier/js "$work/verifier"
		cp LICENSE "$work/verifier/"
		go run -buildvcs=false ./scripts/vectors "$work/verifier/vectors.json"
		"$work/pack" folder "$work/pack" socialregistry-verifier "$work/verifier" "$out" web/verifier
		;;
	*:*/*)
		system=${part#*:} command=${part%%:*}
		mkdir -p "$work/$system"
		GOOS=${system%/*} GOARCH=${system#*/} go build -trimpath -buildvcs=$version -ldflags '-s -w -buildid=' -o "$work/$system/$command" "./cmd/$command"
		npm=()
		[ "$command" != socialregistry ] || npm=(web web/verifier) # its pages
		"$work/pack" command "$work/$system/$command" "$out" "${npm[@]}"
		;;
	*) echo "dist: $part is neither COMMAND:OS/ARCH nor verifier" >&2; exit 2 ;;
	esac
done
"$work/pack" sums "$out"
cat "$out/SHA256SUMS"
