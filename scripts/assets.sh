#!/usr/bin/env bash
# Installs the pinned npm packages of the tree, without their install scripts: what
# the tests hold our pages and our protocol against. Nothing is installed twice.
# The server and its pages need none of them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

command -v npm >/dev/null || { echo "assets: npm is missing; install Node.js 20." >&2; exit 1; }
for lock in $(git ls-files -co --exclude-standard -- '*package-lock.json'); do
	folder=$(dirname "$lock")
	done=$folder/node_modules/.package-lock.json # npm writes it last
	[ "$done" -nt "$lock" ] && continue
	echo "assets: npm packages of $folder"
	(cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
	touch "$done"
done
