#!/usr/bin/env bash
# The crate, its program, tests and examples type-check for systems that are not at hand. Nothing is linked or run; C that build scripts
# would compile for such a system needs its compiler, and is replaced by nothing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

for target in x86_64-pc-windows-gnu aarch64-apple-darwin; do
    # A toolchain without rustup has its libraries where the compiler says.
    if ! [ -d "$(rustc --print target-libdir --target "$target")" ]; then
        echo "platforms: $target skipped: its standard library is not installed (rustup target add $target)"
        continue
    fi
    echo "platforms: $target"
    cargo check --quiet --locked --target "$target" --all-targets --all-features
done
