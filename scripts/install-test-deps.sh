#!/usr/bin/env bash
# Installs what the tests need and this machine lacks, with Debian's apt: the
# PostgreSQL server, Chromium, fonts with many scripts. Without apt, or without the
# right to use it, it says what to install. It starts nothing.
# Usage: install-test-deps.sh [postgresql] [chromium] [fonts]   (default: all)
set -euo pipefail

has_postgresql() { compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null; }
has_chromium() { command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null; }
has_fonts() { compgen -G '/usr/share/fonts/truetype/noto/NotoSansArabic*' >/dev/null; }
package_of() {
	case $1 in
	postgresql) echo postgresql ;;
	chromium) echo chromium ;;
	fonts) echo fonts-noto-core ;;
	esac
}

missing=()
for need in "${@:-postgresql chromium fonts}"; do
	for one in $need; do
		"has_$one" || missing+=("$(package_of "$one")")
	done
done
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
	as_root=(sudo -n)
	command -v sudo >/dev/null && sudo -n true 2>/dev/null || as_root=(cannot)
fi
if ! command -v apt-get >/dev/null || [ "${as_root[*]:-}" = cannot ]; then
	echo "The tests need these packages; install them, then run this again:" >&2
	echo "  ${missing[*]}   (names of Debian 12: apt-get install ${missing[*]})" >&2
	exit 1
fi
echo "Installing for the tests: ${missing[*]}"
apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 "$@"; }
log=$(mktemp)
if ! { apt update && apt install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 </dev/null; then
	cat "$log" >&2
	echo "apt could not install ${missing[*]}" >&2
	exit 1
fi
rm -f "$log"
