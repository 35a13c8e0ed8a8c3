#!/usr/bin/env bash
# The crate, its program, tests and examples type-check for systems that are not at hand. Nothing is linked or run, so the C that build
# scripts would have compiled for such a system is not looked at: in the place of its compiler stands a script that makes empty files.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

target_dir=$(realpath --canonicalize-missing "${CARGO_TARGET_DIR:-target}")
mkdir -p "$target_dir"
no_compiler="$target_dir/no-compiler"
cat >"$no_compiler" <<'END'
#!/bin/sh
while [ $# -gt 0 ]; do
    case "$1" in
    -o) : >"$2" ;;
    *.a) : >"$1" ;;
    esac
    shift
done
END
chmod +x "$no_compiler"

for target in x86_64-pc-windows-gnu aarch64-apple-darwin; do
    # A toolchain without rustup has its libraries where the compiler says.
    if ! [ -d "$(rustc --print target-libdir --target "$target")" ]; then
        echo "platforms: $target skipped: its standard library is not installed (rustup target add $target)"
        continue
    fi
    echo "platforms: $target"
    name=${target//-/_}
    # SDKROOT: nobody is asked where the headers are.
    env "CC_$name=$no_compiler" "AR_$name=$no_compiler" SDKROOT=/ \
        cargo check --quiet --locked --target "$target" --all-targets --all-features
done
