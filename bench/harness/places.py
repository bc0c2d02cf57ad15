# SPDX-License-Identifier: MIT
"""Where things are: the repository, what was built, the developer's cache, a Python that has DuckDB."""
import hashlib
import os
import pathlib
import subprocess
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("DUCKPOND_BUILD", REPOSITORY / "build" / "release"))
RESULTS = REPOSITORY / "build" / "bench"
CACHE = pathlib.Path(os.environ.get("DUCKPOND_DEV_CACHE",
                                    pathlib.Path.home() / ".cache" / "duckpond-dev"))
PROGRAM = BUILD / "duckpond"
EXTENSION = BUILD / "duckpond.duckdb_extension"
VERSITYGW = CACHE / "versitygw-v1.8.0" / "versitygw"
REQUIREMENTS = REPOSITORY / "bench" / "requirements.txt"


def require(*paths):
    """Ends the program, loudly, unless each of these files is there."""
    missing = [str(path) for path in paths if not path.is_file()]
    if missing:
        sys.exit(f"missing: {', '.join(missing)}\n(`make build` makes the program and the extension,"
                 " `make setup` the test servers; DUCKPOND_BUILD and DUCKPOND_DEV_CACHE point elsewhere)")


def enter_venv():
    """Goes on in a Python that has bench/requirements.txt, made in the cache when it is missing."""
    digest = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:12]
    venv = CACHE / f"bench-venv-{digest}"
    if pathlib.Path(sys.prefix) == venv:
        return
    ready = venv / "ready"
    if not ready.exists():
        print(f"installing {REQUIREMENTS.name} into {venv}", file=sys.stderr, flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", venv], check=True)
        subprocess.run([venv / "bin" / "pip", "install", "--quiet", "--requirement", REQUIREMENTS],
                       check=True)
        ready.touch()
    python = venv / "bin" / "python"
    os.execv(python, [str(python), *sys.argv])
