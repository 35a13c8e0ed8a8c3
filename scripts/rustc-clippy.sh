#!/usr/bin/env bash
# A `RUSTC_WORKSPACE_WRAPPER`: compiles like rustc and says what clippy says, as errors. `cargo clippy` looks through all
# dependencies once more before.
exec clippy-driver "$@" -D warnings
