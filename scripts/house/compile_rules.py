"""The checks that compile: every header alone, and clang-tidy. What passed is remembered in build/tidy
by the content of all that was read, so that a second run compiles only what changed."""
import concurrent.futures
import hashlib
import json
import os
import shlex
import subprocess

from house.layer_rules import sees_duckdb

MEMORY = "build/tidy"


class Database:
    """The compile commands of one build folder."""

    def __init__(self, root):
        self.root = root
        file = root / "build/release/compile_commands.json"
        subprocess.run(["cmake", "--preset", "release"], cwd=root, check=True, stdout=subprocess.DEVNULL)
        self.entries = {os.path.relpath(e["file"], root): e for e in json.loads(file.read_text())}

    def flags(self, path):
        """How `path` is compiled, without input, output, dependencies and the precompiled header."""
        words = shlex.split(self.entries[path]["command"])
        words = words[next(i for i, w in enumerate(words) if w.startswith("-")):]
        kept, skip = [], False
        for word, following in zip(words, [*words[1:], ""]):
            if skip:
                skip = False
            elif word in ("-o", "-c", "-MF", "-MT", "-MQ") or (word == "-include" and "cmake_pch" in following):
                skip = True
            elif word in ("-MD", "-MMD", "-Winvalid-pch", "-fpch-preprocess"):
                pass
            else:
                kept.append(word)
        return kept

    def neighbour(self, path):
        """A file compiled as this header's users are: in the same folder, else in base."""
        folder = os.path.dirname(path)
        files = sorted(f for f in self.entries if f.startswith(("src/", "cmd/", "tests/")))
        return next((f for f in files if os.path.dirname(f) == folder and not f.endswith("_test.cc")),
                    next((f for f in files if os.path.dirname(f) == folder), None)) or files[0]


def digest(*parts):
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def remembered(tree, kind, path, key, command, **options):
    """The complaint of `command`, or None: at once if it had none before for the same key."""
    content = digest(path, key, *map(tree.text, tree.reached(path)))
    stamp = tree.root / MEMORY / f"{kind}-{content[:32]}"
    if stamp.exists():
        return None
    done = subprocess.run(command, cwd=tree.root, capture_output=True, text=True, check=False, **options)
    if done.returncode == 0:
        stamp.parent.mkdir(parents=True, exist_ok=True)
        stamp.touch()
        return None
    return (done.stdout + done.stderr)[:4000] or f"exit {done.returncode}"


def in_parallel(what, paths, check):
    """Prints the complaints; returns how many there were."""
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, complaint in zip(paths, pool.map(check, paths)):
            if complaint is not None:
                failed += 1
                print(f"{path}:\n{complaint}")
    print(f"{what}: {len(paths)} files, {failed} with problems")
    return failed


def compiler_version(program):
    return subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout


def headers_alone(tree):
    """Every header compiles when it is all that is included, and without the precompiled header."""
    database = Database(tree.root)
    version = compiler_version("g++")

    def check(path):
        flags = database.flags(database.neighbour(path))
        name = path.removeprefix("src/")
        command = ["g++", *flags, "-I.", "-fsyntax-only", "-x", "c++", "-"]
        return remembered(tree, "header", path, digest(version, *flags), command,
                          input=f'#include "{name}"\n')
    return in_parallel("headers alone", tree.headers(), check)


def changed_since(root, base):
    """Files that differ from `base`, or None where there is no such commit to compare with."""
    done = subprocess.run(["git", "diff", "--name-only", base, "--"], cwd=root, capture_output=True,
                          text=True, check=False)
    return set(done.stdout.splitlines()) if done.returncode == 0 else None


def clang_tidy(tree):
    """clang-tidy on our sources. Those that see DuckDB's headers take long: only when they, or what they
    include of ours, differ from $DUCKPOND_BASE (default: the commit before this one)."""
    database = Database(tree.root)
    folder = tree.root / MEMORY / "commands"
    folder.mkdir(parents=True, exist_ok=True)
    only_gcc = {"-fno-gnu-unique", "-fpch-preprocess"}
    entries = [{"directory": str(tree.root), "file": str(tree.root / path),
                "command": shlex.join(["clang++-19", *(f for f in database.flags(path) if f not in only_gcc),
                                       "-c", str(tree.root / path)])}
               for path in database.entries if path in tree.all]
    (folder / "compile_commands.json").write_text(json.dumps(entries))
    changed = changed_since(tree.root, os.environ.get("DUCKPOND_BASE", "HEAD~1"))
    key = digest(compiler_version("clang-tidy-19"), tree.text("src/.clang-tidy"))

    def wanted(path):
        return not sees_duckdb(tree, path) or changed is None or bool(changed & set(tree.reached(path)))

    def check(path):
        command = ["clang-tidy-19", "--quiet", "-p", str(folder),
                   "--config-file=src/.clang-tidy",
                   "--extra-arg=-Wno-unknown-warning-option",
                   # libstdc++ 12 uses what it deprecates itself (the buffer of stable_sort).
                   "--extra-arg=-Wno-deprecated-declarations", str(tree.root / path)]
        return remembered(tree, "clang-tidy", path, digest(key, *database.flags(path)), command)
    paths = [p for p in tree.product() if p in database.entries and wanted(p)]
    return in_parallel("clang-tidy", sorted(paths), check)
