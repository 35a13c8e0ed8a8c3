#!/usr/bin/env bash
# The public interface beside that of an earlier version: what would break those who build on it, by cargo-semver-checks. That version is
# BASELINE (anything git knows a commit by), or the newest tag.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

baseline=${BASELINE:-$(git describe --tags --abbrev=0 2>/dev/null || true)}
if [ -z "$baseline" ]; then
    echo "semver: there is no tag to compare with; name a commit: make semver BASELINE=<commit>" >&2
    exit 2
fi
target=$(realpath --canonicalize-missing "${CARGO_TARGET_DIR:-target}")
tools=$target/tools
if ! command -v cargo-semver-checks >/dev/null && [ ! -x "$tools/bin/cargo-semver-checks" ]; then
    cargo install --quiet --locked --root "$tools" cargo-semver-checks@0.51.0
fi
PATH=$tools/bin:$PATH cargo semver-checks check-release --package agent-inspector --baseline-rev "$baseline" --all-features "$@"
