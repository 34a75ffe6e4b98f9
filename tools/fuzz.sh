#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Runs every fuzzer of a fuzzing build for SECONDS_EACH (60 unless set). It starts from the kept corpus and writes what it
# finds on the way beside the build; an input that fails is left in tests/fuzz/corpus/NAME/, to be kept as a test.
#
#   tools/fuzz.sh build/fuzz
set -uo pipefail

build=$1
failed=0
for corpus in "$(dirname "$0")"/../tests/fuzz/corpus/*/; do
  name=$(basename "$corpus")
  found="$build/corpus/$name"
  mkdir -p "$found"
  echo "== $name"
  "$build/bin/$name" -max_total_time="${SECONDS_EACH:-60}" -max_len=65536 -rss_limit_mb=4096 -print_final_stats=1 \
    -artifact_prefix="$corpus" "$found" "$corpus" || failed=1
done
exit $failed
