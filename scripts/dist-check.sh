#!/usr/bin/env bash
# Builds again what lies in ./dist: from a clean checkout of the same commit in another
# folder, with an empty build cache and npm packages installed anew, in another time zone
# and umask. Every sum must be equal.
# Usage: dist-check.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
[ -s dist/SHA256SUMS ] || { echo "dist-check: ./dist holds nothing to compare with: make dist" >&2; exit 1; }
[ -z "$(git status --porcelain)" ] || { echo "dist-check: there are changes that are not committed" >&2; exit 1; }
(cd dist && sha256sum --check --quiet SHA256SUMS)

work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
git clone -q . "$work/another folder"
cd "$work/another folder"
umask 077
GOCACHE=$work/cache TZ=Asia/Kathmandu LC_ALL=C.UTF-8 make -s dist >"$work/log" 2>&1 || { tail -n 20 "$work/log" >&2; exit 1; }
if ! diff "$OLDPWD/dist/SHA256SUMS" dist/SHA256SUMS; then
	echo "dist-check: the second run made other files" >&2
	exit 1
fi
echo "dist-check: $(wc -l <dist/SHA256SUMS) files are equal"
