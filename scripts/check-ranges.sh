#!/usr/bin/env bash
# The lowest versions of the ranges in Cargo.toml work as the highest do: a host may bring them. The store's tests run
# against them (the highest are in Cargo.lock, for all other tests).
# Then hosts that link another SQLite than we would are built and run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

CARGO_TARGET_DIR=$(realpath --canonicalize-missing "${CARGO_TARGET_DIR:-target}")
export CARGO_TARGET_DIR
for package in tests/packages/*/; do
    cargo run --quiet --locked --manifest-path "$package/Cargo.toml"
done
copy="$CARGO_TARGET_DIR/ranges"
rm -rf "$copy"
mkdir -p "$copy"
for part in Cargo.toml Cargo.lock src benches examples tests openapi ui-dist; do
    [ ! -e "$part" ] || cp -R "$part" "$copy/"
done
cd "$copy"
cargo update --quiet --package rusqlite --precise 0.32.1
cargo update --quiet --package parking_lot --precise 0.12.3
# Everything else is built already, as it is for all other tests.
cargo test --quiet --all-features --lib store
