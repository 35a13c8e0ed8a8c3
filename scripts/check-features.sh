#!/usr/bin/env bash
# The library compiles without a warning with no feature, with each feature alone, and with the default ones; clippy looks at the
# first and the last. All together is what `make lint` checks.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

features=$(cargo metadata --locked --no-deps --format-version 1 | python3 -c '
import json, sys
(package,) = (p for p in json.load(sys.stdin)["packages"] if p["name"] == "agent-inspector")
print(*sorted(set(package["features"]) - {"default"}))
')

echo "features: none"
cargo clippy --quiet --locked --lib --no-default-features -- -D warnings
for feature in $features; do
    echo "features: $feature"
    said=$(cargo check --quiet --locked --lib --no-default-features --features "$feature" 2>&1) || { echo "$said" >&2; exit 1; }
    if grep --quiet '^warning' <<<"$said"; then
        echo "$said" >&2
        exit 1
    fi
done
echo "features: the default ones"
cargo clippy --quiet --locked --lib -- -D warnings
