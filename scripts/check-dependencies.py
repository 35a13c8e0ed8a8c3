#!/usr/bin/env python3
"""Holds the dependencies against deny.toml and Cargo.toml, with nothing but Python and cargo.

cargo-deny and cargo-machete see more, and CONTRIBUTING.md says how to run them; they take minutes to install, so the
rules that matter most are checked here as well: licences, banned packages, sources, and dependencies nobody names.
"""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

def allowed(expression: str, allow: set[str]) -> bool:
    """Whether an SPDX expression is satisfied by the allowed licences."""
    tokens = re.findall(r"\(|\)|[^\s()]+", expression.replace("/", " OR "))

    def parse_or() -> bool:
        value = parse_and()
        while tokens and tokens[0] == "OR":
            tokens.pop(0)
            value = parse_and() or value
        return value

    def parse_and() -> bool:
        value = parse_one()
        while tokens and tokens[0] == "AND":
            tokens.pop(0)
            value = parse_one() and value
        return value

    def parse_one() -> bool:
        token = tokens.pop(0)
        if token == "(":
            value = parse_or()
            tokens.pop(0)
            return value
        if tokens and tokens[0] == "WITH":
            # An exception only adds permissions.
            del tokens[:2]
        return token in allow

    value = parse_or()
    if tokens:
        raise ValueError(f"not an SPDX expression: {expression}")
    return value


def resolved(metadata: dict) -> list[dict]:
    """The packages that some feature of some platform really pulls in."""
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    reached, waiting = set(), list(metadata["workspace_members"])
    while waiting:
        package = waiting.pop()
        if package not in reached:
            reached.add(package)
            waiting.extend(dependency["pkg"] for dependency in nodes[package]["deps"])
    return [package for package in metadata["packages"] if package["id"] in reached]


def rust_version(package: dict) -> list[int]:
    parts = [int(part) for part in (package["rust_version"] or "1").split(".")]
    return parts + [0] * (3 - len(parts))


def check_rules(packages: list[dict], rules: dict) -> list[str]:
    allow = set(rules["licenses"]["allow"])
    # Of a package with a file for a licence, what a person read there.
    clarified = {one["crate"]: one["expression"] for one in rules["licenses"].get("clarify", [])}
    bans = {ban["crate"]: ban for ban in rules["bans"]["deny"]}
    # A banned package may come with these and no others.
    wanted_by = {}
    for package in packages:
        for dependency in package["dependencies"]:
            ours = package["source"] is None
            if dependency["kind"] != "dev" and (ours or not dependency["optional"]):
                wanted_by.setdefault(dependency["name"], set()).add(package["name"])
    problems = []
    for package in packages:
        name = f"{package['name']} {package['version']}"
        if package["source"] is None:
            continue
        if not package["source"].endswith("/crates.io-index"):
            problems.append(f"{name}: comes from {package['source']}, not from crates.io")
        ban = bans.get(package["name"])
        if ban and not ("wrappers" in ban and wanted_by.get(package["name"], set()) <= set(ban["wrappers"])):
            problems.append(f"{name}: is banned, it {ban['reason']}")
        licence = package["license"] or clarified.get(package["name"])
        if not allowed(licence or "none", allow):
            problems.append(f"{name}: licence {licence or 'not said'} is not in deny.toml")
    return problems


def check_used(package: dict) -> list[str]:
    """The dependencies of a member that no source file of it names."""
    folder = Path(package["manifest_path"]).parent
    # A member below the root is not the root's source.
    places = [folder / place for place in ("src", "examples", "tests")] if folder == ROOT else [folder]
    sources = [file.read_text(encoding="utf-8") for place in places for file in place.rglob("*.rs")]
    text = "\n".join(sources)
    problems = []
    for dependency in package["dependencies"]:
        name = (dependency["rename"] or dependency["name"]).replace("-", "_")
        if not re.search(rf"\b{name}\b", text):
            problems.append(f"{package['name']}: no source file names the dependency {dependency['name']}")
    return problems


def main() -> int:
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--all-features"]
    metadata = json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)
    rules = tomllib.loads((ROOT / "deny.toml").read_text(encoding="utf-8"))
    packages = resolved(metadata)
    problems = check_rules(packages, rules)
    for package in packages:
        if package["id"] in metadata["workspace_members"]:
            problems.extend(check_used(package))
    newest = max(packages, key=rust_version)
    ours = next(package for package in packages if package["name"] == "agent-inspector")
    if rust_version(newest) > rust_version(ours):
        problems.append(f"{newest['name']} {newest['version']}: asks for Rust {newest['rust_version']}, newer than ours")
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"{len(packages)} packages, {len(problems)} problems; the newest Rust one of them asks for is {newest['rust_version']}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
