#!/usr/bin/env python3
"""docs/clients.md shows the snippets of the tested programs word for word. `UPDATE=1` rewrites them there.

A snippet stands between `snippet: NAME` and `snippet end` in a program, and below `<!-- snippet: PROGRAM NAME -->` in the
document.
"""

import os
import re
import sys
from pathlib import Path

HERE = Path(__file__).parent
DOCUMENT = HERE.parents[2] / "docs/clients.md"
IN_PROGRAM = re.compile(r"^(?://|#) snippet: (\S+)\n(.*?)^(?://|#) snippet end$", re.MULTILINE | re.DOTALL)
IN_DOCUMENT = re.compile(r"(<!-- snippet: (\S+) (\S+) -->\n+```\w+\n)(.*?)(```)", re.DOTALL)


def programs() -> list[Path]:
    files = (file for pattern in ("*/*", "*/src/*") for file in HERE.glob(pattern) if file.is_file())
    return sorted(file for file in files if file.suffix in {".ts", ".py", ".rs", ".go", ".java"})


def main() -> int:
    snippets = {}
    for file in programs():
        for name, text in IN_PROGRAM.findall(file.read_text(encoding="utf-8")):
            snippets[str(file.relative_to(HERE)), name] = text
    document = DOCUMENT.read_text(encoding="utf-8")
    shown = {(program, name) for _, program, name, _, _ in IN_DOCUMENT.findall(document)}
    problems = [f"no such snippet: {program} {name}" for program, name in sorted(shown - snippets.keys())]
    problems += [f"not shown: {program} {name}" for program, name in sorted(snippets.keys() - shown)]
    if not problems:
        updated = IN_DOCUMENT.sub(lambda found: found[1] + snippets[found[2], found[3]] + found[5], document)
        if os.environ.get("UPDATE"):
            DOCUMENT.write_text(updated, encoding="utf-8")
        elif updated != document:
            problems.append("it shows something else than is tested: `UPDATE=1 python3 tests/clients/generated/check_docs.py`")
    for problem in problems:
        print(f"docs/clients.md: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
