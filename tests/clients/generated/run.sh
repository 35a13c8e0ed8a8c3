#!/usr/bin/env bash
# Generates clients of openapi/agent-inspector.json in five languages, and lets those in TypeScript, Python and Rust talk to a
# served inspector. Go and Java are generated, and compiled where there is a compiler.
#
# Everything that is installed or generated lies below the target directory. What is pinned: python/requirements.txt,
# typescript/package-lock.json and rust/Cargo.lock.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
here=$PWD
cd ../../..
target=$(realpath --canonicalize-missing "${CARGO_TARGET_DIR:-target}")
work=$target/clients/generated
document=$PWD/openapi/agent-inspector.json
log=$work/log
mkdir -p "$log"

say() { printf '== %s (%ss)\n' "$*" "$SECONDS"; }
fail() { echo "$*" >&2; exit 1; }

missing=()
need() { command -v "$1" >/dev/null || missing+=("$1: Debian's $2"); }
need java default-jre-headless
need node nodejs
need npm npm
need python3 python3
python3 -c 'import ensurepip' 2>/dev/null || missing+=("python3 -m venv: Debian's python3-venv")
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || missing+=("python3: 3.11 or newer")
if [ "${#missing[@]}" -gt 0 ]; then
    printf 'missing, %s\n' "${missing[@]}" >&2
    exit 1
fi

say "docs/clients.md shows what is tested"
python3 "$here/check_docs.py"

say "formatting"
rustfmt --check "$here"/rust/src/lib.rs "$here"/rust/tests/client.rs --edition 2024

# Installed once, and again when the pins change.
offline="Without a network this runs once the packages are in $work; the pins or this directory have changed since."
venv=$work/venv
if ! cmp --silent "$here/python/requirements.txt" "$venv/requirements.txt"; then
    say "installing the generators and httpx"
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/python/requirements.txt" || fail "$offline"
    cp "$here/python/requirements.txt" "$venv/"
fi
typescript=$work/typescript
mkdir -p "$typescript"
cp "$here"/typescript/*.{json,ts} "$here/typescript/.npmrc" "$typescript/"
if ! cmp --silent "$here/typescript/package-lock.json" "$typescript/node_modules/installed.json"; then
    say "installing openapi-typescript, openapi-fetch and tsc"
    npm --prefix "$typescript" ci --silent --no-audit --no-fund || fail "$offline"
    cp "$here/typescript/package-lock.json" "$typescript/node_modules/installed.json"
fi

# Puts what was generated into its place when it differs: what did not change is not compiled again.
settle() {
    diff --recursive --brief "$1.new" "$1" >/dev/null 2>&1 || { rm -rf "$1" && cp -R "$1.new" "$1"; }
    rm -rf "$1.new"
}
openapi_generator() {
    local language=$1 out=$2
    rm -rf "$out.new"
    "$venv/bin/openapi-generator-cli" generate --config "$here/$language/generator.yaml" --input-spec "$document" --output "$out.new" \
        >"$log/$language.log" 2>&1 || { cat "$log/$language.log" >&2; fail "$language cannot be generated"; }
    settle "$out"
}
say "generating"
# They run for a second or two: compiling them well costs more than it gains.
export JAVA_TOOL_OPTIONS="-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
rust=$work/rust
mkdir -p "$rust"
rm -rf "$work/python.new"
PATH="$venv/bin:$PATH" "$venv/bin/openapi-python-client" generate --path "$document" --config "$here/python/generator.yaml" \
    --output-path "$work/python.new" --fail-on-warning
settle "$work/python"
"$typescript/node_modules/.bin/openapi-typescript" "$document" --output "$typescript/schema.d.ts"
# Two at a time, for two cores.
openapi_generator go "$work/go" &
openapi_generator java "$work/java" || fail "Java cannot be generated"
wait $! || fail "Go cannot be generated"
openapi_generator rust "$rust/client"
python3 "$here/check_warnings.py" "$log"
unset JAVA_TOOL_OPTIONS

say "compiling"
cargo build --quiet --locked --all-features --example client-host
"$typescript/node_modules/.bin/tsc" --project "$typescript"
cp -R "$here"/rust/{Cargo.toml,Cargo.lock,src,tests} "$rust/"
rust_test() { cargo test --quiet --locked --manifest-path "$rust/Cargo.toml" --target-dir "$rust/target" --test client "$@"; }
rust_test --no-run || fail "Rust does not compile; without a network, the crates of $here/rust/Cargo.lock must have been fetched before"
rm -rf "$work/go.test" "$work/java-classes"
export GOPROXY=off GOTOOLCHAIN=local
# Where there is one, and new enough.
if (cd "$work/go" && go list . >/dev/null 2>&1); then
    mkdir -p "$work/go/client"
    cp "$here"/go/*.go "$work/go/client/"
    (cd "$work/go/client" && go test -c -o "$work/go.test" .)
fi
if command -v javac >/dev/null; then
    javac -d "$work/java-classes" "$here"/java/*.java
fi

say "serving"
served=$(mktemp --directory)
mkfifo "$served/in" "$served/out"
export INSPECTOR_TOKEN=a-token-of-the-clients
"$target/debug/examples/client-host" "$served/data" "$INSPECTOR_TOKEN" <"$served/in" >"$served/out" &
host=$!
# It ends when its input does.
exec 3>"$served/in" 4<"$served/out"
trap 'exec 3>&-; wait "$host" || true; rm -rf "$served"' EXIT
read -r address <&4 || fail "the host does not start"
export INSPECTOR=$address/_inspector

say "TypeScript"
node --test --test-reporter=spec "$typescript/built/test.js"
say "Python"
PYTHONPATH="$work/python:$here/python" PYTHONDONTWRITEBYTECODE=1 "$venv/bin/python" -W error::ResourceWarning "$here/python/test_client.py"
say "Rust"
rust_test
if [ -e "$work/go.test" ]; then
    say "Go"
    "$work/go.test"
fi
if [ -d "$work/java-classes" ]; then
    say "Java, the live stream"
    java -cp "$work/java-classes" FollowTest
fi
say "generated clients work"
