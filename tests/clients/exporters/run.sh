#!/usr/bin/env bash
# Lets OpenTelemetry's own exporters, in Python and JavaScript, report to a served inspector: traces, logs and metrics.
#
# Everything that is installed lies below the target directory. What is pinned: python/requirements.txt and
# javascript/package-lock.json.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
here=$PWD
cd ../../..
work=$(realpath --canonicalize-missing "${CARGO_TARGET_DIR:-target}")/clients/exporters

missing=()
need() { command -v "$1" >/dev/null || missing+=("$1: Debian's $2"); }
need node nodejs
need npm npm
need python3 python3
python3 -c 'import ensurepip' 2>/dev/null || missing+=("python3 -m venv: Debian's python3-venv")
if [ "${#missing[@]}" -gt 0 ]; then
    printf 'missing, %s\n' "${missing[@]}" >&2
    exit 1
fi

# Installed once, and again when the pins change.
fail() { echo "Without a network this runs once the packages are in $work; the pins or this directory have changed since." >&2; exit 1; }
venv=$work/venv
if ! cmp --silent "$here/python/requirements.txt" "$venv/requirements.txt"; then
    rm -rf "$venv"
    mkdir -p "$work"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/python/requirements.txt" || fail
    cp "$here/python/requirements.txt" "$venv/"
fi
javascript=$work/javascript
mkdir -p "$javascript"
cp "$here"/javascript/{package.json,package-lock.json,.npmrc,report.mjs} "$javascript/"
if ! cmp --silent "$here/javascript/package-lock.json" "$javascript/node_modules/installed.json"; then
    npm --prefix "$javascript" ci --silent --no-audit --no-fund || fail
    cp "$here/javascript/package-lock.json" "$javascript/node_modules/installed.json"
fi

INSPECTOR_EXPORTERS=$work cargo test --locked --all-features --test it exporters -- --ignored
