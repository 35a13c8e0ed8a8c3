#!/usr/bin/env bash
# Runs one part of `make test` beside others, which are told as they go: `beside.sh programs features generated` has the
# programs run while the features compile. What the first one says follows in one piece, and each has to pass.
#
# A compiler leaves a core idle at the end of each crate, and most tests wait more than they compute.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

first=$1
shift
said=$(mktemp)
trap 'rm -f "$said"; kill "${beside:-}" 2>/dev/null || true' EXIT
make --no-print-directory "$first" >"$said" 2>&1 &
beside=$!

passed=0
make --no-print-directory "$@" || passed=$?
wait "$beside" || passed=$?
echo "make $first, run beside that:"
cat "$said"
exit "$passed"
