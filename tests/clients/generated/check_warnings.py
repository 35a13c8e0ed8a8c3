#!/usr/bin/env python3
"""No generator warns of anything but what `warnings.toml` says does not matter, and why.

usage: check_warnings.py DIRECTORY, with a file LANGUAGE.log for each generator that was run
"""

import re
import sys
import tomllib
from pathlib import Path

WARNING = re.compile(r"\b(WARN|ERROR)\b")


def main() -> int:
    allowed = tomllib.loads((Path(__file__).parent / "warnings.toml").read_text(encoding="utf-8"))["allowed"]
    problems, count = [], 0
    for log in sorted(Path(sys.argv[1]).glob("*.log")):
        language, unused = log.stem, {rule["text"] for rule in allowed if log.stem in rule["languages"]}
        for line in log.read_text(encoding="utf-8").splitlines():
            if not WARNING.search(line):
                continue
            count += 1
            rules = [r for r in allowed if language in r["languages"] and re.search(r["text"], line)]
            unused -= {rule["text"] for rule in rules}
            if not rules:
                problems.append(f"{language}: {line}")
        problems += [f"{language}: nothing is warned of any more, take it out of warnings.toml: {text}" for text in unused]
    print(f"{count} warnings, {len(problems)} of them matter")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
