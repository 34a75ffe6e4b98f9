#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Format, lint, layer rule, duplicate includes. Looks at the files that differ from main, or at all with --all.
#
#   tools/check.sh [--all]
set -uo pipefail
cd "$(dirname "$0")/.."

if [ "${1:-}" = --all ] || ! base=$(git merge-base HEAD main 2>/dev/null); then
  files=$(git ls-files '*.h' '*.cc')
else
  files=$({ git diff --name-only --diff-filter=d "$base" -- '*.h' '*.cc'
            git ls-files --others --exclude-standard -- '*.h' '*.cc'; } | sort -u)
fi
failed=0

echo "== format: clang-format-19"
# shellcheck disable=SC2086
[ -z "$files" ] || clang-format-19 --dry-run -Werror $files || failed=1

echo "== layers and duplicate includes"
python3 tests/layers/layers.py . || failed=1

# A header is seen through the sources that include it.
sources=$(printf '%s\n' $files | grep '\.cc$')
echo "== lint: clang-tidy-19 on $(printf '%s' "$sources" | grep -c .) files"
if [ -n "$sources" ]; then
  cmake --preset clang >/dev/null && cmake --build --preset clang --target thalweg_proto >/dev/null || failed=1
  printf '%s\n' "$sources" |
    xargs -P 2 -n 1 clang-tidy-19 -p build/clang --quiet --warnings-as-errors='*' 2>/dev/null || failed=1
fi

[ $failed -eq 0 ] && echo "== all checks passed"
exit $failed
