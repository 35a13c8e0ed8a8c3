#!/usr/bin/env python3
"""Makes src/pricing/snapshot.txt, the price list that the crate ships, from litellm's.

    pip download litellm --no-deps
    python3 scripts/prices.py litellm-*.whl --date 2026-11-21

Takes the wheel, or the JSON file out of it (then with --source). Only what a token costs is kept, one line for each
model in the order of the names, so that a change of prices can be read as a diff. docs/prices.md says what is left out.
"""

import argparse
import datetime
import json
import re
import sys
import zipfile
from decimal import Decimal
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SNAPSHOT = ROOT / "src" / "pricing" / "snapshot.txt"
LICENSE = ROOT / "src" / "pricing" / "LICENSE-litellm"

# What is asked for tokens alone. Images, speech and the like are priced by other measures.
MODES = {"chat", "completion", "responses", "embedding"}

# The first of these that is there says the price.
PARTS = {
    "in": ["input_cost_per_token"],
    "out": ["output_cost_per_token"],
    "read": ["cache_read_input_token_cost", "input_cost_per_token_cache_hit"],
    "write": ["cache_creation_input_token_cost"],
    "write_1h": ["cache_creation_input_token_cost_above_1hr"],
    "reasoning": ["output_cost_per_reasoning_token"],
}

# Prices of one AWS region or of a commitment for months: a span does not say that it was bought so.
BEDROCK_SPECIAL = re.compile(r"^[a-z]{2}(-gov|-iso[a-z]*)?-[a-z]+-\d+/|commitment")

# What src/pricing/name.rs takes off a name that is not listed: a date at the end, a region at the beginning.
DATE = re.compile(r"[-@](20\d{2}-?[01]\d-?[0-3]\d)$")
REGION = re.compile(r"^(us|us-gov|eu|apac|jp|au|ca|in|sa|me|af|uk|global)\.")

# Resellers with long lists whose names no telemetry that we know of carries.
LEFT_OUT = {"aihubmix", "inferenceapis", "kyma", "qwen_ai_platform", "qwencloud"}

HEADER = """\
# What models cost, in US dollars for a million tokens.
#
# Made by scripts/prices.py from the list of litellm (https://github.com/BerriAI/litellm), Copyright (c) 2023 Berri AI,
# MIT license, the text of which is in LICENSE-litellm beside this file. Not to be edited by hand: prices of your own
# go into a file for `InspectorBuilder::prices`.
#
# [provider]
# model in=.. out=.. read=.. write=.. write_1h=.. reasoning=.. >200k in=..   (what holds above that much input)
"""


def amount(price) -> str:
    """Dollars for a million tokens, without zeros that say nothing."""
    text = format((price * 1_000_000).normalize(), "f")
    return text


def parts(entry: dict, suffix: str = "") -> list[str]:
    said = []
    for part, names in PARTS.items():
        for name in names:
            price = entry.get(name + suffix)
            if isinstance(price, Decimal):
                said.append(f"{part}={amount(price)}")
                break
    return said


def thousands(tokens: int) -> str:
    return f">{tokens // 1000}k" if tokens % 1000 == 0 else f">{tokens}"


def prices(entry: dict) -> str:
    """The prices of a model as they stand on its line; empty when nothing is asked for tokens."""
    tiers: dict[int, list[str]] = {}
    ranges = entry.get("tiered_pricing")
    if ranges:
        # The first range is the plain price.
        base = parts(ranges[0])
        for one in ranges[1:]:
            tiers[int(one["range"][0])] = parts(one)
    else:
        base = parts(entry)
        found = (re.search(r"_above_(\d+)k_tokens$", name) for name in entry)
        for thousand in {int(match.group(1)) for match in found if match}:
            said = parts(entry, f"_above_{thousand}k_tokens")
            # A tier that only names a cache price is an oversight of the list's.
            if any(part.startswith(("in=", "out=")) for part in said):
                tiers[thousand * 1000] = said
    if not any(part.startswith(("in=", "out=")) for part in base):
        return ""
    words = base
    for tokens, said in sorted(tiers.items()):
        words += [thousands(tokens), *said]
    return " ".join(words)


def model_of(key: str, provider: str) -> str:
    """The model's own name: litellm puts the provider before most."""
    first, slash, rest = key.partition("/")
    word = first.replace("-", "_")
    own = word == provider or provider.startswith((f"{word}-", f"{word}_"))
    return rest if slash and own else key


def read(path: Path) -> tuple[dict, str | None, str | None]:
    """The list, the version it is from and its licence, as far as the file says."""
    if path.suffix != ".whl":
        return json.loads(path.read_text(), parse_float=Decimal, parse_int=Decimal), None, None
    with zipfile.ZipFile(path) as wheel:
        name = "litellm/model_prices_and_context_window_backup.json"
        table = json.loads(wheel.read(name), parse_float=Decimal, parse_int=Decimal)
        version = path.name.split("-")[1]
        licence = wheel.read(f"litellm-{version}.dist-info/licenses/LICENSE").decode()
        return table, f"litellm {version}", licence


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("list", type=Path, help="litellm's wheel, or its JSON file")
    arguments.add_argument("--date", type=datetime.date.fromisoformat, required=True, help="when the list was taken")
    arguments.add_argument("--source", help="what the list is from; a wheel says it itself")
    options = arguments.parse_args()
    table, source, licence = read(options.list)
    source = options.source or source or sys.exit("--source is needed for a JSON file")

    providers: dict[str, dict[str, str]] = {}
    for key, entry in sorted(table.items()):
        if key == "sample_spec" or entry.get("mode") not in MODES:
            continue
        provider = entry["litellm_provider"]
        if provider in LEFT_OUT:
            continue
        model = model_of(key, provider).lower()
        if provider.startswith("bedrock") and BEDROCK_SPECIAL.search(model):
            continue
        if re.search(r"\s", model) or not (line := prices(entry)):
            continue
        providers.setdefault(provider, {}).setdefault(model, line)

    text = f"{HEADER}\ndate {options.date}\nsource {source}\n"
    models = 0
    for provider, listed in sorted(providers.items()):
        text += f"\n[{provider}]\n"
        for model, line in sorted(listed.items()):
            # A date or a region that changes nothing: the name without it is found as well.
            shorter = {DATE.sub("", model), REGION.sub("", model)} - {model}
            if any(listed.get(name) == line for name in shorter):
                continue
            text += f"{model} {line}\n"
            models += 1
    SNAPSHOT.write_text(text)
    if licence:
        LICENSE.write_text(licence)
    print(f"{SNAPSHOT.relative_to(ROOT)}: {models} models, {len(text.encode())} bytes, {source}, {options.date}")


if __name__ == "__main__":
    main()
