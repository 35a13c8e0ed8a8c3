"""Installs the programs under test, pinned, into a cache below the target directory. A second run finds them there.

`npm/package-lock.json` and the `requirements.txt` of each folder say what is installed. Changing one makes a new cache.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR") or REPOSITORY / "target").resolve()
CACHE = TARGET / "programs"

# Some 300 MB come over the network the first time.
INSTALL_SECONDS = 900


def claude_code():
    """The path of the Claude Code program."""
    return packages_of_npm() / "@anthropic-ai/claude-code-linux-x64/claude"


def codex():
    """The path of the Codex program."""
    return packages_of_npm() / "@openai/codex-linux-x64/vendor/x86_64-unknown-linux-musl/bin/codex"


def python():
    """The path of a Python interpreter that has the agent frameworks."""
    return installed("python", HERE / "python/requirements.txt", install_python) / "bin/python"


def temporal(program):
    """The path of a program of the environment that has Temporal's server and its SDK: `temporal` or `python`."""
    return installed("temporal", HERE / "temporal/requirements.txt", install_python) / "bin" / program


def packages_of_npm():
    return installed("npm", HERE / "npm/package-lock.json", install_npm) / "node_modules"


def installed(name, lock, install):
    """The directory in which `lock` is installed; one that was left half done is begun anew."""
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()[:16]
    directory = CACHE / f"{name}-{digest}"
    done = directory / "installed"
    CACHE.mkdir(parents=True, exist_ok=True)
    # One installs; others wait for it.
    with open(CACHE / f"{name}.lock", "w") as lock_file:
        fcntl.flock(lock_file, fcntl.LOCK_EX)
        if not done.exists():
            begin(directory, lock, install)
            done.touch()
    return directory


def begin(directory, lock, install):
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    print(f"installing {lock.relative_to(REPOSITORY)} into {directory}", file=sys.stderr, flush=True)
    install(directory, lock)


def install_npm(directory, lock):
    for file in (lock, lock.with_name("package.json"), lock.with_name(".npmrc")):
        shutil.copy(file, directory)
    # The programs are native ones, in packages of their own; no install script is needed, and none is run.
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run(command, cwd=directory, check=True, timeout=INSTALL_SECONDS, stdin=subprocess.DEVNULL)


def install_python(directory, lock):
    venv.create(directory, with_pip=True)
    command = [directory / "bin/python", "-m", "pip", "install", "--quiet", "--no-deps", "--requirement", lock]
    subprocess.run(command, check=True, timeout=INSTALL_SECONDS, stdin=subprocess.DEVNULL)


if __name__ == "__main__":
    for path in (claude_code(), codex(), python(), temporal("temporal")):
        print(path)
