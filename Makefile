# `make test` is everything a change must pass. Its parts can be run alone, in the order a failure is cheapest to see:
#
#   make lint       rustfmt, clippy, the docs' links, the dependencies' licences
#   make rust       unit, integration, example and doc tests
#   make loom       the bus and the waits, in every order in which their threads may run
#   make frameworks the hosts built with agent frameworks, packages of their own
#   make features   every feature alone and none; the lowest versions of the ranges
#   make msrv       the oldest compiler that Cargo.toml promises
#   make semver     the public interface beside that of an earlier version
#   make platforms  types for Windows and macOS
#   make package    what is published, built alone and served
#   make generated  openapi/, the page's API types and ui-dist/ are up to date
#   make ui         the page's types, lint and unit tests
#   make browser    the page in a real browser, against the examples
#   make clients    programs in other languages, against a served inspector
#   make programs   the real coding agents and Python frameworks, reporting to a served inspector
#
# And `make update` rewrites everything that is generated.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.NOTPARALLEL:
.ONESHELL:
.DELETE_ON_ERROR:

CARGO ?= cargo
LOCKED ?= --locked
TESTED_EXAMPLES := --example quickstart --example orchestrator --example host_sessions --example behind_a_proxy
NPM_INSTALLED := ui/node_modules/.package-lock.json

export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD := 1

.PHONY: test lint rust loom frameworks programs features msrv semver platforms package generated ui browser clients update soak

# The browser has the machine for itself: what people would wait for is waited for there. The package comes last: to cargo it
# is this crate, which it would have built anew for whatever came after.
test: $(NPM_INSTALLED)
	@bash scripts/beside.sh ui lint rust loom frameworks
	bash scripts/beside.sh programs features generated
	$(MAKE) --no-print-directory browser clients package
	echo "All parts passed: lint rust loom frameworks ui programs features package generated browser clients"

lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy $(LOCKED) --workspace --all-targets --all-features -- -D warnings
	# With the examples, and so with the features of what the tests need too: clippy has looked through those dependencies.
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc $(LOCKED) --workspace --lib --examples --no-deps --all-features
	python3 scripts/check-public-types.py
	python3 scripts/check-dependencies.py
	for tool in deny machete; do
		if ! $(CARGO) "$$tool" --version >/dev/null 2>&1; then echo "skipped: cargo-$$tool is not installed"
		elif [ "$$tool" = deny ]; then $(CARGO) deny check bans licenses sources
		else $(CARGO) machete; fi
	done

rust:
	if $(CARGO) nextest --version >/dev/null 2>&1; then
		$(CARGO) nextest run $(LOCKED) --all-features --lib --bins --tests $(TESTED_EXAMPLES)
	else
		$(CARGO) test $(LOCKED) --all-features --lib --bins --tests $(TESTED_EXAMPLES)
	fi
	$(CARGO) test $(LOCKED) --all-features --doc

loom:
	RUSTC_WORKSPACE_WRAPPER="$$PWD/scripts/rustc-loom.sh" $(CARGO) test $(LOCKED) --lib --no-default-features --features control -- bus::loom control::slot

# What they need is built once more, with the features that they ask for, into the same target directory.
frameworks:
	target=$$(realpath --canonicalize-missing "$${CARGO_TARGET_DIR:-target}")
	export RUSTC_WORKSPACE_WRAPPER="$$PWD/scripts/rustc-clippy.sh"
	cd examples/frameworks
	$(CARGO) fmt --all --check
	$(CARGO) test $(LOCKED) --target-dir "$$target" --workspace

# They are installed into the target directory the first time. Each run has an end, and none leads outside this machine.
programs:
	$(CARGO) build $(LOCKED) --all-features --example receiver --example temporal --example mcp_server
	cd tests/programs
	python3 -B -m unittest

# Slow, dying and coming readers for some minutes; a short run is among the tests.
soak:
	INSPECTOR_SOAK_EVENTS=1000000 $(CARGO) test $(LOCKED) --release --test it soak -- --nocapture

features:
	bash scripts/check-features.sh
	bash scripts/check-ranges.sh

# Not a part of `make test`.
msrv:
	bash scripts/check-msrv.sh

# Not a part of `make test`: each release says what it may break.
semver:
	bash scripts/check-semver.sh

# Not a part of `make test`.
platforms:
	bash scripts/check-platforms.sh

package:
	bash scripts/check-package.sh

generated: $(NPM_INSTALLED)
	bash scripts/check-generated.sh

ui: $(NPM_INSTALLED)
	cd ui
	npm run --silent typecheck
	npm run --silent lint
	npm run --silent test
	npm run --silent check:size

browser: $(NPM_INSTALLED)
	command -v chromium >/dev/null || bash scripts/install-debian.sh chromium fonts-liberation
	$(CARGO) build $(LOCKED) --all-features --example quickstart --example mounts --example orchestrator --example approve_a_tool --example step_through --example host_sessions
	export INSPECTOR_EXAMPLES=$$(realpath "$${CARGO_TARGET_DIR:-target}")/debug/examples
	cd ui
	npm run --silent e2e

# Each is a script that installs what it pins below the target directory, and ends what it starts.
CLIENTS :=
CLIENTS += tests/clients/exporters/run.sh
CLIENTS += tests/clients/generated/run.sh

clients:
	for script in $(CLIENTS); do bash "$$script"; done

update: $(NPM_INSTALLED)
	UPDATE=1 $(CARGO) test $(LOCKED) --all-features --test it openapi
	cd ui
	npm run --silent generate
	npm run --silent build

$(NPM_INSTALLED): ui/package-lock.json
	cd ui
	npm ci --no-audit --no-fund
	touch ../$@
