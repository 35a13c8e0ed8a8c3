#!/usr/bin/env bash
# A `RUSTC_WORKSPACE_WRAPPER`: compiles the crate, and nothing that it depends on, for the model checker. As a flag for all
# (`RUSTFLAGS`) it would have everything built once more.
exec "$@" --cfg inspector_loom
