#!/bin/sh
# Runs tests under a sanitizer of the compiler: address (memory that is not one's own, and leaks),
# thread (two threads at one place in memory without order), undefined (what C leaves undefined).
#
#   Tests/sanitize.sh [SANITIZER [FILTER]]
#
# SANITIZER is address, thread, undefined or all (all); FILTER is a regular expression of suites, as
# of `swift test --filter`. Each sanitizer has a build of its own in .build-SANITIZER. Stops at the
# first report; docs/validation.md says what was found.
set -eu
cd "$(dirname "$0")/.."
chosen="${1:-all}"
# The suites in which C, threads or memory by hand are at work.
filter="${2:-KernelsTests|ReferenceTests|SymbolicTests|SweepingTests|JSONTests|MemoryTests|PlantedErrorTests}"
[ "$chosen" != all ] || chosen="address thread undefined"
export ASAN_OPTIONS="${ASAN_OPTIONS:-halt_on_error=1}"
export TSAN_OPTIONS="${TSAN_OPTIONS:-halt_on_error=1:suppressions=$PWD/Tests/thread-sanitizer.txt}"
for sanitizer in $chosen; do
  echo "== $sanitizer"
  # No test is one of XCTest, whose run of none leaks objects of its own.
  if [ "$sanitizer" = undefined ]; then
    # Swift checks its own arithmetic and has no such option on Linux; in C the first fault traps.
    set -- -Xcc -fsanitize=undefined -Xcc -fsanitize-trap=undefined
  else
    set -- --sanitize="$sanitizer"
  fi
  swift test --disable-xctest "$@" --scratch-path ".build-$sanitizer" --filter "$filter"
done
