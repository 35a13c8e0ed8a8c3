#!/usr/bin/env bash
# The crate and its program compile with the oldest compiler that Cargo.toml promises, with all features and with the default ones, on
# the versions of Cargo.lock. Tests are not compiled: what they need besides may ask for a newer compiler.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version=$(cargo metadata --locked --no-deps --format-version 1 | python3 -c '
import json, sys
(package,) = (p for p in json.load(sys.stdin)["packages"] if p["name"] == "agent-inspector")
print(*(package["rust_version"].split(".") + ["0"])[:3], sep=".")
')

# Says nothing of a toolchain that is not there; `rustup run` installs none by itself.
installed() { rustup run "$version" rustc --version >/dev/null 2>&1; }

if ! installed && ! { rustup toolchain install "$version" --profile minimal && installed; }; then
    # The one lint that knows from which version on the standard library has what is called. It knows neither the language nor what
    # the dependencies ask for; the latter is compared by check-dependencies.py.
    grep -q '^incompatible_msrv = "warn"$' Cargo.toml
    echo "msrv: NOT compiled with Rust $version, which is not installed and cannot be had here." >&2
    echo "msrv: only clippy's incompatible_msrv looked, as a part of \`make lint\`." >&2
    exit 0
fi
for features in --all-features ""; do
    echo "msrv: Rust $version, ${features:-the default features}"
    # shellcheck disable=SC2086 # nothing at all for the default ones
    rustup run "$version" cargo check --quiet --locked --lib --bins $features
done
