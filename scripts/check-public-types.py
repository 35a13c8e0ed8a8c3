#!/usr/bin/env python3
"""What in the public interface binds us: docs/decisions/0026-what-may-change.md.

The crates that stand in it: a change of their major version would be one of ours. And the types, traits and constants to which
nothing could be added: each is named here, with the reason why nothing will be.

Reads what rustdoc says of the crate as JSON. A stable compiler writes it when it is told to be a nightly one for that.
"""

import collections
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# What a host has anyway: it mounts a router, and traces.
SPOKEN = {
    "std", "core", "alloc", "axum", "axum_core", "http", "http_body", "bytes", "tower_layer", "tower_service",
    "serde", "serde_core", "serde_json", "tokio", "tracing", "tracing_core", "tracing_subscriber",
}

# Beyond that, only where a feature is about that very crate, or a trait of theirs is implemented that nobody has to name.
KNOWN = {
    "opentelemetry_sdk": "`otel` is the OpenTelemetry SDK's span processor",
    "rmcp": "`rmcp` wraps this SDK's handlers",
    "schemars": "a bound through our own trait `Answer`, exported as `agent_inspector::schemars`",
    "utoipa": "`ToSchema` of the types that the API's document shows",
    "futures_core": "`Stream` of the live events",
}

# What a host may write out, or match without a `_`, since nothing will be added.
CLOSED = {
    "Step": "a host that did not know one of them could only guess what its agent is to do",
    "Highlight": "a range has a beginning and an end",
    "EventId": "a number",
    "BlockId": "a number",
    "GZIP_HEADER": "RFC 1952",
    "FINAL_BLOCK": "RFC 1951",
}

# Who implements a trait. What others implement grows by methods that need not be implemented.
TRAITS = {
    "Answer": "hosts: the type of an answer",
    "Inspect": "nobody else: whatever is `Serialize` has it",
    "InspectFuture": "nobody else: every future has it",
    "InspectResult": "nobody else: sealed",
    "Redact": "hosts",
    "SessionControl": "hosts",
    "SessionRegistry": "hosts",
    "Sink": "hosts",
    "Store": "hosts",
}


def document():
    target = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target")
    # Of rustdoc alone: in the environment of the compiler it would have all dependencies compiled anew.
    wrapper = target / "rustdoc-json"
    wrapper.write_text('#!/bin/sh\nRUSTC_BOOTSTRAP=1 exec rustdoc "$@" -Zunstable-options --output-format json\n')
    wrapper.chmod(0o755)
    environment = {**os.environ, "RUSTDOC": str(wrapper.resolve())}
    environment.pop("RUSTDOCFLAGS", None)
    # What `make lint` asks for too, so that the dependencies were looked through already.
    asked = ["--workspace", "--lib", "--examples", "--no-deps", "--all-features"]
    command = ["cargo", "doc", "--quiet", "--locked", *asked]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
    return json.loads((target / "doc/agent_inspector.json").read_text())


def named(value):
    """The ids of all types and traits that a part of the interface names."""
    if isinstance(value, list):
        for part in value:
            yield from named(part)
    elif isinstance(value, dict):
        for key, part in value.items():
            if key in ("resolved_path", "trait") and isinstance(part, dict) and "id" in part:
                yield part["id"]
            yield from named(part)


def fields(kind):
    """The fields of a struct; `None` stands for one that nobody else sees."""
    if not isinstance(kind, dict):
        return []
    if "tuple" in kind:
        return kind["tuple"]
    plain = kind["plain"]
    return plain["fields"] + [None] * plain["has_stripped_fields"]


def closed(item):
    """Whether adding something to it would break somebody who uses it."""
    inner = item["inner"]
    if "non_exhaustive" in json.dumps(item["attrs"]):
        return False
    if "enum" in inner:
        return True
    if "struct" in inner:
        return None not in fields(inner["struct"]["kind"])
    constant = inner.get("constant") or inner.get("assoc_const")
    return bool(constant) and "array" in constant["type"]


def bound(index):
    """What cannot grow, or can be implemented, and is not named above; and what is named and is not there."""
    own = [item for item in index.values() if item["crate_id"] == 0 and item["visibility"] in ("public", "default")]
    found = {item["name"] for item in own if closed(item)}
    traits = {item["name"] for item in own if "trait" in item["inner"] and item["name"] != "Sealed"}
    for name in sorted(found - CLOSED.keys()):
        yield f"nothing can be added to {name}: it wants `#[non_exhaustive]`, or a reason in scripts/check-public-types.py"
    for name in sorted(traits - TRAITS.keys()):
        yield f"who implements {name}? scripts/check-public-types.py wants to know"
    for name in sorted((CLOSED.keys() - found) | (TRAITS.keys() - traits)):
        yield f"scripts/check-public-types.py lists {name}, which is not there or can grow"


def main():
    known = document()
    crates = {int(number): crate["name"] for number, crate in known["external_crates"].items()}
    found = collections.defaultdict(set)
    for item in known["index"].values():
        if item["crate_id"] != 0:
            continue
        inner = item["inner"]
        implementation = inner.get("impl")
        if implementation and (implementation.get("blanket_impl") or implementation.get("is_synthetic")):
            continue
        for identity in named(inner):
            path = known["paths"].get(str(identity))
            if path and path["crate_id"] != 0:
                found[crates[path["crate_id"]]].add("::".join(path["path"]))
    foreign = {crate: types for crate, types in found.items() if crate not in SPOKEN}
    wrong = sorted(foreign.keys() - KNOWN.keys())
    for crate in wrong:
        print(f"the public interface names {crate}: {', '.join(sorted(foreign[crate]))}", file=sys.stderr)
    for crate in sorted(KNOWN.keys() - found.keys()):
        print(f"scripts/check-public-types.py lists {crate}, which the interface does not name", file=sys.stderr)
        wrong.append(crate)
    for why in bound(known["index"]):
        print(why, file=sys.stderr)
        wrong.append(why)
    if wrong:
        sys.exit(1)
    print(f"the public interface speaks of {len(found)} crates: {', '.join(sorted(found))}")


if __name__ == "__main__":
    main()
