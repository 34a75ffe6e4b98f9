#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Format, licence line, lint, layer rule, duplicate includes. Looks at the files that differ from main, or at all with --all.
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

echo "== licence line"
unmarked=$(git ls-files '*.h' '*.cc' '*.proto' '*.py' '*.sh' '*.cmake' '*CMakeLists.txt' | xargs grep -L 'SPDX-License-Identifier: Apache-2.0')
[ -z "$unmarked" ] || { printf 'no SPDX line: %s\n' $unmarked; failed=1; }

echo "== layers and duplicate includes"
python3 tests/layers/layers.py . || failed=1

# A header is linted through the sources that include it. An include that is only missing is not a finding.
sources=$(printf '%s\n' "$files" | grep '\.cc$' || true)
echo "== lint: clang-tidy-19 on $(printf '%s' "$sources" | grep -c .) sources"
if [ -n "$sources" ]; then
  cmake --preset clang >/dev/null && cmake --build build/clang --target thalweg_proto >/dev/null || failed=1
  findings=$(printf '%s\n' "$sources" | xargs -P 2 -n 1 clang-tidy-19 -p build/clang --quiet 2>/dev/null |
    awk '/^[^ ].*: (warning|error): /{ keep = !/no header providing/ && !seen[$0]++ } keep')
  [ -z "$findings" ] || { printf '%s\n' "$findings"; failed=1; }
fi

[ $failed -eq 0 ] && echo "== all checks passed"
exit $failed
