# SPDX-License-Identifier: MIT
"""Where things are: the repository, what was built, the developer's cache, a Python with DuckDB."""
import importlib.util
import os
import pathlib
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("DUCKPOND_BUILD", REPOSITORY / "build" / "release"))
RESULTS = REPOSITORY / "build" / "bench"
CACHE = pathlib.Path(os.environ.get("DUCKPOND_DEV_CACHE",
                                    pathlib.Path.home() / ".cache" / "duckpond-dev"))
PROGRAM = BUILD / "duckpond"
EXTENSION = BUILD / "duckpond.duckdb_extension"


def pinned(name):
    """A version from scripts/versions.env."""
    for line in (REPOSITORY / "scripts" / "versions.env").read_text(encoding="utf-8").splitlines():
        if line.startswith(name + "="):
            return line.partition("=")[2]
    raise KeyError(name)


VERSITYGW = pathlib.Path(os.environ.get(
    "DUCKPOND_VERSITYGW", CACHE / f"versitygw-{pinned('VERSITYGW_VERSION')}" / "versitygw"))
# Debian's, unpacked and not installed: installing it would start it.
NGINX = CACHE / "nginx-debian" / "usr" / "sbin" / "nginx"

DYNAMODB = pathlib.Path(os.environ.get("DUCKPOND_DYNAMODB", CACHE / "dynamodb"))
DYNAMODB_CLASS = DYNAMODB / "classes" / "DynamoServer.class"


def require(*paths):
    """Ends the program, loudly, unless each of these files is there."""
    missing = [str(path) for path in paths if not path.is_file()]
    if missing:
        sys.exit(f"missing: {', '.join(missing)}\n(`make build` makes the program and the extension, "
                 "`scripts/setup test` the servers; DUCKPOND_BUILD and DUCKPOND_DEV_CACHE say where)")


def enter_python(name):
    """Goes on in the Python environment that scripts/setup made, unless this one has DuckDB."""
    if importlib.util.find_spec("duckdb"):
        return
    python = CACHE / f"python-{name}" / "bin" / "python"
    if not python.exists() or os.path.samefile(sys.prefix, python.parents[1]):
        sys.exit(f"missing: Python's duckdb, in {python.parents[1]}: run scripts/setup {name}")
    os.execv(python, [str(python), *sys.argv])


def scratch():
    """Where ponds of a run are made: on the build's own disk, so that fsync means something."""
    folder = RESULTS / "scratch"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
