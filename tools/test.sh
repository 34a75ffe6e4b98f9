#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Runs the tests of a build directory, two at a time, and prints each one's time beside its budget before ctest's
# closing lines.
#
#   tools/test.sh build/dev [ctest arguments]
set -uo pipefail

build=$1
shift
closing=$(mktemp)
trap 'rm -f "$closing"' EXIT

ctest --test-dir "$build" -j2 --output-on-failure --output-junit junit.xml "$@" 2>&1 |
  awk -v closing="$closing" '/^[0-9]+% tests passed/ { held = 1 } held { print > closing; next } { print; fflush() }'
outcome=${PIPESTATUS[0]}

python3 "$(dirname "$0")/test_times.py" "$build"
cat "$closing"
exit "$outcome"
