#!/bin/bash
# Runs fuzz targets under libFuzzer, two at a time, and stops at the first finding. `./dev fuzz` builds them and calls this.
#
#   tools/fuzz.sh DIRECTORY SECONDS [TARGET...]      DIRECTORY holds the programs; all of them by default
#
# Inputs that reach something new are kept in the cache for the next run; an input that breaks a target goes to out/fuzz/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly PROGRAMS=$1
readonly SECONDS_EACH=$2
shift 2
readonly FOUND="${XDG_CACHE_HOME:-$HOME/.cache}/leat/fuzz"
export PROGRAMS SECONDS_EACH FOUND

# fuzz_one TARGET: one line when all is well; else what was found and how to see it again, and 255, at which xargs starts no more.
fuzz_one() {
  local target=$1 log executions
  log=$(mktemp)
  mkdir -p "$FOUND/$target" out/fuzz
  # Well above what any input may take: LZ4 alone sets aside 9 MiB.
  if ! UBSAN_OPTIONS=print_stacktrace=1 ASAN_OPTIONS=strict_string_checks=1:detect_stack_use_after_return=1 \
    "$PROGRAMS/$target" -max_total_time="$SECONDS_EACH" -timeout=10 -rss_limit_mb=1024 -malloc_limit_mb=64 -print_final_stats=1 \
    -artifact_prefix="out/fuzz/$target-" "$FOUND/$target" "tests/fuzz/corpus/$target" >"$log" 2>&1; then
    local input
    input=$(sed -n 's/.*Test unit written to //p' "$log" | tail -1)
    tail -n 60 "$log"
    printf '\n%s: FOUND\n  input:   %s\n  again:   %s %s\n' "$target" "$input" "$PROGRAMS/$target" "$input"
    printf '  keep it: cp %s tests/fuzz/corpus/%s/\n' "$input" "$target"
    rm "$log"
    return 255
  fi
  executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  printf '%-24s %12s executions in %s s\n' "$target" "$executions" "$SECONDS_EACH"
  rm "$log"
}
export -f fuzz_one

(($#)) || set -- $(basename -s .cc tests/fuzz/*_fuzz.cc)
printf '%s\n' "$@" | xargs -P 2 -I TARGET bash -c 'fuzz_one TARGET'
