#!/usr/bin/env bash
# Installs the pinned npm packages of the tree, without their install scripts: the
# files that pages load (web/static/vendor, with their licences), and what the tests
# hold our pages and our protocol against. Nothing is installed twice. The server
# and its pages work without all of them.
# Usage: assets.sh [pages]   (pages: only what pages load)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

command -v npm >/dev/null || { echo "assets: npm is missing; install Node.js 20." >&2; exit 1; }
install_in() { # install_in FOLDER
	local lock=$1/package-lock.json done=$1/node_modules/.package-lock.json # npm writes it last
	[ "$done" -nt "$lock" ] && return
	echo "assets: npm packages of $1"
	(cd "$1" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
	touch "$done"
}

install_in web
mkdir -p web/static/vendor
cp web/node_modules/htmx.org/dist/htmx.min.js web/static/vendor/htmx.min.js
cp web/node_modules/htmx.org/LICENSE web/static/vendor/htmx.LICENSE.txt
install_in web/verifier
node web/verifier/vendor.mjs
mkdir -p web/static/vendor/zxing # what reads codes in pictures, for the verifier page
cp web/node_modules/zxing-wasm/dist/iife/reader/index.js web/static/vendor/zxing/zxing-reader.js
cp web/node_modules/zxing-wasm/dist/reader/zxing_reader.wasm web/static/vendor/zxing/
cp web/node_modules/zxing-wasm/LICENSE web/static/vendor/zxing/zxing.LICENSE.txt
mkdir -p web/static/vendor/qr # what draws a code, for the same page
cp web/node_modules/lean-qr/index.mjs web/static/vendor/qr/lean-qr.js
cp web/node_modules/lean-qr/LICENSE web/static/vendor/qr/lean-qr.LICENSE.txt
[ "${1:-}" != pages ] || exit 0

for lock in $(git ls-files -co --exclude-standard -- '*package-lock.json'); do
	install_in "$(dirname "$lock")"
done
