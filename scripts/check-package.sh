#!/usr/bin/env bash
# What others get when they depend on the crate: it is packed and unpacked, built without Node.js, and serves the page.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Of the registry's limit for a packed crate.
most_bytes=10485760
target=$(realpath --canonicalize-missing "${CARGO_TARGET_DIR:-target}")

cargo package --quiet --locked --allow-dirty --no-verify --package agent-inspector
packed=$(ls -t "$target"/package/agent-inspector-*.crate | head -1)
bytes=$(stat --format %s "$packed")
[ "$bytes" -le "$most_bytes" ] || { echo "the package has $bytes bytes, of $most_bytes at most" >&2; exit 1; }

# Outside of this workspace, as others have it.
apart=$(mktemp -d)
finish() {
    if [ -n "${host:-}" ]; then kill "$host" && wait "$host" || true; fi
    rm -rf "$apart"
}
trap finish EXIT
unpacked=$apart/agent-inspector
mkdir "$unpacked" "$apart/tools"
tar --extract --gzip --file "$packed" --directory "$unpacked" --strip-components 1
cd "$unpacked"
[ ! -e build.rs ] || { echo "a build script is more than a host asked for" >&2; exit 1; }
for notice in LICENSE-MIT LICENSE-APACHE ui-dist/LICENSES.txt src/pricing/LICENSE-litellm; do
    [ -s "$notice" ] || { echo "the package lacks $notice" >&2; exit 1; }
done

# Into the directory of all other builds, where what it depends on lies already. No Node.js is in reach.
tools=$(dirname "$(command -v cargo)"):/usr/bin:/bin
for tool in node npm npx; do
    printf '#!/bin/sh\necho "a build asked for %s" >&2\nexit 1\n' "$tool" >"$apart/tools/$tool"
    chmod +x "$apart/tools/$tool"
done
PATH=$apart/tools:$tools CARGO_TARGET_DIR=$target cargo build --quiet --locked --all-features --example quickstart

PORT=0 AGENT_INSPECTOR_DATA_DIR=$apart/data "$target/debug/examples/quickstart" >"$apart/said" &
host=$!
for _ in $(seq 100); do
    page=$(grep --only-matching --max-count 1 'http://[^ ]*/ui/' "$apart/said" || true)
    [ -z "$page" ] || break
    sleep 0.1
done
fetch() { curl --silent --show-error --fail --max-time 10 "$1"; }
script=$(fetch "$page" | grep --only-matching --max-count 1 'assets/app[^"]*\.js[^"]*')
fetch "$page$script" | cmp - ui-dist/assets/app.js
echo "the package has $bytes bytes, and serves its page"
