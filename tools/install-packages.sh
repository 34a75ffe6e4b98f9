#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Installs the packages of the named groups of tools/packages.txt that are missing. Asks the network only when one is.
# Where it may not install (neither root nor sudo without a password) it prints the exact line and stops with 1.
#
#   tools/install-packages.sh build check
set -euo pipefail

list="$(dirname "$0")/packages.txt"

missing=()
for group in "$@"; do
  while read -r package; do
    status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || missing+=("$package")
  done < <(awk -v group="$group" '$1 == group { print $2 }' "$list")
done
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! sudo -n true 2>/dev/null; then
    echo "Packages are missing. Run this, then try again:" >&2
    echo "  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo -n env DEBIAN_FRONTEND=noninteractive)
fi

export DEBIAN_FRONTEND=noninteractive
lock=(-o DPkg::Lock::Timeout=600)
echo "Installing ${missing[*]}"
"${as_root[@]}" apt-get "${lock[@]}" -qq update
"${as_root[@]}" apt-get "${lock[@]}" -qq install -y --no-install-recommends "${missing[@]}" >/dev/null
