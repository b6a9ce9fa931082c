#!/bin/sh
# Plants small errors, one at a time, and says which test finds each.
#
#   Tests/Mutation/run.sh [NUMBER...]
#
# The errors of mutants.patch are put into a copy of the last commit, all in one build, where the
# environment variable TALLY_PLANTED switches one on by its number in mutants.tsv. Each is looked for
# by the suites that are named for it, and if these find nothing by the whole suite, which takes
# minutes; QUICK=1 leaves that out. Prints a table in Markdown; the exit code is 1 if an error
# survives. With BUILD=FOLDER the copy and its build stay there for the next time.
#
# To plant another: put `isPlanted(NUMBER)` into the copy, `git diff` into the patch, and a line into
# mutants.tsv: number, target, suites that should find it, what is wrong.
set -eu
cd "$(dirname "$0")/../.."
here="$PWD/Tests/Mutation"
tree="${BUILD:-$(mktemp -d)/tree}"
[ -e "$tree/.git" ] || git worktree add --quiet --detach "$tree" HEAD
[ -n "${BUILD:-}" ] || trap 'git worktree remove --force "$tree"; rmdir "${tree%/tree}"' EXIT
cd "$tree"
[ -d Tests/Mutation/Planting ] || git apply --3way "$here/mutants.patch" 1>&2
swift build --build-tests 1>&2

# The first test that fails with the error switched on; nothing if all pass.
finder() {
  log=$(mktemp)
  if TALLY_PLANTED="$1" timeout 1200 swift test --skip-build ${2:+--filter "$2"} >"$log" 2>&1; then
    grep -q "Test run with [1-9]" "$log" || { echo "no test has the name $2" >&2; exit 2; }
  else
    found=$(sed -n 's/^✘ Test \(".*"\|[^ ]*\) recorded an issue.* at \([A-Za-z]*\)\.swift:.*/\2: \1/p' \
      "$log" | head -n 1)
    echo "${found:-it crashes}"
  fi
  rm -f "$log"
}

# Without an error everything passes, or the table would mean nothing.
[ -z "$(finder 0 'SymbolicTests|JSONTests|WordingTests')" ] || { echo "fails unplanted" >&2; exit 2; }
echo "| number | target | planted error | found by |"
echo "| ---: | --- | --- | --- |"
survivors=0
while IFS="$(printf '\t')" read -r number target suites what; do
  if [ $# -gt 0 ]; then
    case " $* " in *" $number "*) ;; *) continue ;; esac
  fi
  found=$(finder "$number" "$suites" </dev/null)
  if [ -z "$found" ] && [ -z "${QUICK:-}" ]; then found=$(finder "$number" "" </dev/null); fi
  [ -n "$found" ] || survivors=$((survivors + 1))
  echo "| $number | $target | $what | ${found:-**nothing**} |"
done <"$here/mutants.tsv"
[ "$survivors" -eq 0 ]
