#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Proves that the README's commands work on a bare Debian 12: makes a new root from the host's own apt sources, copies the
# committed tree in and runs `make` and `make test` there. Needs root. Takes minutes; nothing is left behind.
#
#   tools/fresh.sh [command ...]     # default: make && make test
set -euo pipefail

tree=$(cd "$(dirname "$0")/.." && pwd)
commands=${*:-make && make test}
root=$(mktemp -d "${TMPDIR:-/var/tmp}/fresh-root.XXXXXX")
chmod 755 "$root"  # apt downloads as a user of its own.

clean_up() {
  for mount in dev/pts dev proc; do
    ! mountpoint -q "$root/$mount" || umount "$root/$mount"
  done
  # Only when nothing of the host is mounted inside any more.
  grep -q " $root/" /proc/mounts || rm -rf --one-file-system "$root"
}
trap clean_up EXIT

# The first source of plain bookworm packages, from either of apt's two formats.
mirror=$(
  {
    cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
      awk '$1 == "deb" { sub(/\[[^]]*\] */, ""); if ($3 == "bookworm") print $2 }'
    cat /etc/apt/sources.list.d/*.sources 2>/dev/null |
      awk '/^URIs:/ { uri = $2 } /^Suites:/ { if (/ bookworm( |$)/) print uri }'
  } | head -1
)
[ -n "$mirror" ] || { echo "No bookworm source in /etc/apt" >&2; exit 1; }

echo "== a new root in $root"
debootstrap --variant=minbase --include=make,git,ca-certificates bookworm "$root" "$mirror" >"$root.log" 2>&1 ||
  { tail -20 "$root.log"; rm -f "$root.log"; exit 1; }
rm -f "$root.log"

# Packages come from where the host takes them, by the way that the host takes them.
rm -rf "$root/etc/apt/sources.list" "$root/etc/apt/sources.list.d"
for each in sources.list sources.list.d trusted.gpg.d keyrings; do
  [ ! -e "/etc/apt/$each" ] || cp -a "/etc/apt/$each" "$root/etc/apt/"
done
apt-config dump | grep '^Acquire::' >"$root/etc/apt/apt.conf.d/00host" || true
cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
mount --bind /dev "$root/dev"
mount -t devpts devpts "$root/dev/pts" 2>/dev/null || mount --bind /dev/pts "$root/dev/pts"
mount -t proc proc "$root/proc"

mkdir -p "$root/src/thalweg"
git -C "$tree" archive HEAD | tar -x -C "$root/src/thalweg"

echo "== $commands"
# Proxy settings of the host are the only thing of its environment that goes in.
env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
  ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} \
  ${no_proxy:+no_proxy="$no_proxy"} \
  chroot "$root" bash -c "cd /src/thalweg && $commands"
echo "== the commands work in a new root"
