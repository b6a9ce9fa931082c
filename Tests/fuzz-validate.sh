#!/bin/sh
# Validates random models, changes, capacities, routings, recursions and passes: other ones than the test suite.
#
#   Tests/fuzz-validate.sh [COUNT [FIRST]]
#
# COUNT runs (5000), numbered from FIRST (1000) on; the same numbers are the same runs. What does
# not hold is printed with the command line that shows it.
set -eu
cd "$(dirname "$0")/.."
TALLY_FUZZ="${2:-1000},${1:-5000}" exec swift test --filter 'ValidationFuzzTests|ConditionalDepthTests/random|ExpertSlotsTests/random'
