#!/usr/bin/env bash
# The library compiles without a warning with no feature, with each feature alone, and with the default ones.
# All together is what `make lint` checks.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

features=$(cargo metadata --locked --no-deps --format-version 1 | python3 -c '
import json, sys
(package,) = (p for p in json.load(sys.stdin)["packages"] if p["name"] == "agent-inspector")
print(*sorted(set(package["features"]) - {"default"}))
')

check() {
    echo "features: ${*:-default}"
    cargo clippy --quiet --locked --lib "$@" -- -D warnings
}

check --no-default-features
for feature in $features; do
    check --no-default-features --features "$feature"
done
check
