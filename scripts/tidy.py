#!/usr/bin/env python3
"""House rules as a test. Prints each place that breaks one, with what to do instead; exits 1 if any.

  scripts/tidy.py               rules of the text: size, prose, layers, containment, banned calls, links
  scripts/tidy.py --headers     every header compiles alone
  scripts/tidy.py --clang-tidy  clang-tidy on all files but those that see DuckDB
  scripts/tidy.py --self-test   each rule refuses a sample that breaks it

Results of the two slow checks are remembered in build/tidy by the content of what was read.
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
HEADER_LINES_MAX, SOURCE_LINES_MAX, FUNCTION_LINES_MAX, README_WORDS_MAX = 400, 1000, 70, 600
MODULE_README_LINES_MAX = 60

# (pattern, where it is allowed, what to use instead)
BANNED = [
    (r"std::chrono::(system|steady|high_resolution)_clock|\b(gettimeofday|clock_gettime|time)\s*\((NULL|nullptr|0|&)",
     r"^src/base/", "Clock or Executor::NowUs of base"),
    (r"\b(std::random_device|std::mt19937|rand\s*\(\)|srand\s*\(|getrandom\s*\(|RAND_bytes)", r"^src/base/",
     "Random of base"),
    (r"\bstd::(thread|jthread|async)\b|\bpthread_create\b", r"^src/base/", "Executor or base/thread.h"),
    (r"\bsleep_(for|until)\b|\b(usleep|nanosleep)\s*\(", r"^src/base/", "Sleep of base/context.h"),
    (r"\btry\s*\{|\bthrow\b(?!\s*;?\s*//)|\bcatch\s*\(",
     r"^src/(sql|server)/|^src/shell/options|^cmd/", "Status and Result"),
    (r"\bFIXME\b|\bXXX\b|\bTODO\b(?!\(#\d+\))", r"^$", "an issue: TODO(#123)"),
    (r"\busing namespace\b", r"^$", "the names themselves"),
    (r"\bassert\s*\(", r"^$", "CHECK for our own bugs, a Status for anybody else's bytes"),
]
CONTAINED = [
    (r'#include [<"](duckdb|parquet_|yyjson|thrift)', r"^(src/sql|cmd/duckpond_extension)/", "DuckDB belongs to src/sql"),
    (r"#include <curl/", r"^src/net/", "libcurl belongs to src/net"),
    (r"#include <boost/", r"^src/(net|server)/", "Boost belongs to src/net and src/server"),
    (r"#include <openssl/", r"^src/(net|server)/|^src/base/hash\.cc$", "OpenSSL: use base/hash.h"),
    (r"#include <sqlite3", r"^src/sqlite/", "SQLite belongs to src/sqlite"),
]
INCLUDE = re.compile(r'^#include "([a-z_]+)/[^"]+"', re.MULTILINE)
TEST_FILE = re.compile(r"(_test|_fuzz)\.cc$|^(tests|bench)/")


def tracked(*patterns):
    out = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", *patterns], cwd=ROOT,
                         capture_output=True, text=True, check=True).stdout
    return [path for path in out.splitlines() if (ROOT / path).is_file()]


def read(path):
    return (ROOT / path).read_text(encoding="utf-8")


def code_only(text):
    """The text with comments and string contents blanked, line for line."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"', re.DOTALL)

    def blank(match):
        return re.sub(r"[^\n]", " ", match.group(0)) if match.group(0)[0] == "/" else '""' + "\n" * match.group(0).count("\n")
    return pattern.sub(blank, text)


def rows():
    result = {}
    for line in read("src/LAYERS").splitlines():
        if line and not line.startswith("#"):
            row, module = line.split()
            result[module] = int(row)
    return result


def check_prose(path, text):
    """A header opens with its licence line, then at least 12 words of prose, then #pragma once."""
    head = text.split("#pragma once")[0]
    if "#pragma once" not in text:
        yield 1, "no #pragma once"
    if not text.startswith("// SPDX-License-Identifier: MIT"):
        yield 1, "the first line is not // SPDX-License-Identifier: MIT"
    words = re.findall(r"[A-Za-z]{2,}", "\n".join(head.split("\n")[1:]))
    if len(words) < 12:
        yield 1, "opens without prose: say what it is for, threads, lifetime, units, errors"


def check_source(path, text, layers):
    """Problems of one C++ file as (line, what)."""
    lines = text.count("\n")
    cap = HEADER_LINES_MAX if path.endswith(".h") else SOURCE_LINES_MAX
    if lines > cap:
        yield 1, f"{lines} lines: at most {cap}; split it"
    if path.endswith(".h"):
        yield from check_prose(path, text)
    plain = code_only(text)
    is_test = bool(TEST_FILE.search(path))
    for pattern, allowed, instead in BANNED:
        marks = pattern.startswith(r"\bFIXME")
        if (is_test and not marks) or re.search(allowed, path):
            continue
        for match in re.finditer(pattern, text if marks else plain):
            yield text[:match.start()].count("\n") + 1, f"{match.group(0).strip()}: use {instead}"
    for pattern, allowed, why in CONTAINED:
        if is_test or re.search(allowed, path):
            continue
        for match in re.finditer(pattern, text):
            yield text[:match.start()].count("\n") + 1, f"{match.group(0)}…: {why}"
    yield from check_layers(path, text, layers, is_test)


def check_layers(path, text, layers, is_test):
    parts = path.split("/")
    if parts[0] != "src" or len(parts) < 3 or is_test:
        return
    module = parts[1]
    if module not in layers:
        yield 1, f"module {module} is not in src/LAYERS"
        return
    for match in INCLUDE.finditer(text):
        other = match.group(1)
        line = text[:match.start()].count("\n") + 1
        if other == "tests":
            yield line, "product code includes test support"
        elif other == "duckdb":
            continue  # DuckDB's own headers: see CONTAINED.
        elif other not in layers:
            yield line, f"module {other} is not in src/LAYERS"
        elif other != module and layers[other] >= layers[module]:
            yield line, f"{module} (row {layers[module]}) may not include {other} (row {layers[other]})"


def check_cycles(texts):
    """Cycles among headers, as (path, line, what)."""
    graph = {path[len("src/"):]: re.findall(r'^#include "([^"]+)"', text, re.MULTILINE)
             for path, text in texts.items() if path.startswith("src/")}
    state = {}

    def visit(node, trail):
        if state.get(node) == "done" or node not in graph:
            return
        if node in trail:
            yield f"src/{node}", 1, "include cycle: " + " → ".join(trail[trail.index(node):] + [node])
            return
        for target in graph[node]:
            yield from visit(target, trail + [node])
        state[node] = "done"
    for node in graph:
        yield from visit(node, [])


def check_functions(paths):
    out = subprocess.run(["ctags", "--languages=C++", "--kinds-C++=f", "--fields=+ne", "--output-format=json",
                          "-L", "-"], cwd=ROOT, input="\n".join(paths), capture_output=True, text=True, check=True).stdout
    for line in out.splitlines():
        tag = json.loads(line)
        length = tag.get("end", tag["line"]) - tag["line"] + 1
        if length > FUNCTION_LINES_MAX:
            yield tag["path"], tag["line"], f"{tag['name']} has {length} lines: at most {FUNCTION_LINES_MAX}"


def check_dead(texts):
    """A header that nothing includes."""
    included = set()
    for text in texts.values():
        included.update(re.findall(r'^#include "([^"]+)"', text, re.MULTILINE))
    for path in texts:
        name = path[len("src/"):] if path.startswith("src/") else path
        if path.endswith(".h") and name not in included and os.path.basename(path) not in included:
            yield path, 1, "nothing includes this header"


def check_markdown(path, text):
    for match in re.finditer(r"\]\(([^)#\s]+)[^)]*\)", text):
        target = match.group(1)
        if "://" in target or target.startswith("mailto:"):
            continue
        if not (ROOT / path).parent.joinpath(target).exists():
            yield text[:match.start()].count("\n") + 1, f"link to {target}, which is not there"
    if path == "README.md" and len(text.split()) > README_WORDS_MAX:
        yield 1, f"{len(text.split())} words: at most {README_WORDS_MAX}"
    if re.fullmatch(r"src/\w+/README\.md", path) and text.count("\n") > MODULE_README_LINES_MAX:
        yield 1, f"{text.count(chr(10))} lines: at most {MODULE_README_LINES_MAX}"


def check_modules(layers):
    present = {path.split("/")[1] for path in tracked("src/*/*.cc")}
    for module in sorted(set(layers) - present):
        yield "src/LAYERS", 1, f"module {module} has no code"
    for module in sorted(present):
        if not (ROOT / "src" / module / "README.md").is_file():
            yield f"src/{module}", 1, "no README.md: why it exists, what belongs, what does not, where to start"


def text_rules():
    layers = rows()
    sources = tracked("*.cc", "*.h")
    texts = {path: read(path) for path in sources}
    problems = []
    for path, text in texts.items():
        problems += [(path, line, what) for line, what in check_source(path, text, layers)]
    for path in tracked("*.md"):
        problems += [(path, line, what) for line, what in check_markdown(path, read(path))]
    problems += check_cycles(texts)
    problems += check_dead(texts)
    problems += check_modules(layers)
    problems += check_functions([path for path in sources if not TEST_FILE.search(path)])
    return problems


def compile_database():
    for preset in ("release", "asan"):
        path = ROOT / "build" / preset / "compile_commands.json"
        if path.is_file():
            return path.parent, {os.path.relpath(entry["file"], ROOT): entry for entry in json.loads(path.read_text())}
    sys.exit("tidy: build first (make build)")


def remembered(kind, path, make_key, run):
    """Runs `run` unless it passed before on the same content; returns its complaint or None."""
    stamp = ROOT / "build/tidy" / f"{kind}-{hashlib.sha256((path + make_key).encode()).hexdigest()[:32]}"
    if stamp.exists():
        return None
    complaint = run()
    if complaint is None:
        stamp.parent.mkdir(parents=True, exist_ok=True)
        stamp.touch()
    return complaint


def closure(path, seen):
    """The project files that `path` includes, itself too."""
    if path in seen or not (ROOT / path).is_file():
        return seen
    seen.add(path)
    for name in re.findall(r'^#include "([^"]+)"', read(path), re.MULTILINE):
        closure(f"src/{name}" if (ROOT / "src" / name).is_file() else name, seen)
    return seen


def content_key(path):
    return "".join(hashlib.sha256((ROOT / p).read_bytes()).hexdigest() for p in sorted(closure(path, set())))


def sees_duckdb(path):
    return any(re.search(CONTAINED[0][0], read(p)) for p in closure(path, set()))


def flags_for(path, database):
    """Flags of a file of the same module, without its own input and output."""
    folder = os.path.dirname(path)
    near = next((e for f, e in sorted(database.items()) if os.path.dirname(f) == folder),
                next(e for f, e in sorted(database.items()) if f.startswith("src/base/")))
    words = near["command"].split()
    kept = [w for w in words[1:] if re.match(r"-(I|D|std=|W|f(?!use))", w) or w.startswith("-isystem")]
    for i, word in enumerate(words):
        if word == "-isystem":
            kept += [word, words[i + 1]]
    return [w for i, w in enumerate(kept) if w != "-isystem" or i + 1 < len(kept)]


def header_alone(path, database):
    words, flags, skip = flags_for(path, database), [], False
    for i, word in enumerate(words):
        if skip:
            skip = False
        elif word == "-isystem":
            flags += [word, words[i + 1]]
            skip = True
        else:
            flags.append(word)
    text = f'#include "{path[len("src/"):] if path.startswith("src/") else path}"\n'

    def run():
        done = subprocess.run(["g++", "-x", "c++", "-fsyntax-only", "-I.", "-Isrc", *flags, "-"], cwd=ROOT,
                              input=text, capture_output=True, text=True, check=False)
        return None if done.returncode == 0 else done.stderr[:3000]
    return remembered("header", path, content_key(path) + " ".join(flags), run)


def clang_tidy(path, folder):
    def run():
        done = subprocess.run(["clang-tidy-19", "--quiet", "-p", str(folder), path], cwd=ROOT,
                              capture_output=True, text=True, check=False)
        return None if done.returncode == 0 else done.stdout[:4000]
    return remembered("clang", path, content_key(path) + read(".clang-tidy"), run)


def in_parallel(paths, work):
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, complaint in zip(paths, pool.map(work, paths)):
            if complaint is not None:
                failed += 1
                print(f"{path}:\n{complaint}")
    print(f"tidy: {len(paths)} files, {failed} with problems")
    return 1 if failed else 0


def self_test():
    layers = {"base": 0, "store": 2, "log": 3}
    good = "// SPDX-License-Identifier: MIT\n//\n// " + "word " * 12 + "\n#pragma once\n"
    samples = [
        ("src/log/a.h", good + '#include "base/status.h"\n', False),
        ("src/log/a.h", "#pragma once\n", True),
        ("src/log/a.h", good + "\n" * 500, True),
        ("src/store/a.cc", '#include "log/event_log.h"\n', True),
        ("src/store/a.cc", "auto t = std::chrono::system_clock::now();\n", True),
        ("src/store/a.cc", "// std::chrono::system_clock is not used here\n", False),
        ("src/store/a.cc", 'auto s = "throw";\n', False),
        ("src/store/a.cc", "std::thread t;\n", True),
        ("src/store/a.cc", "void F() { throw 1; }\n", True),
        ("src/store/a.cc", "std::random_device d;\n", True),
        ("src/store/a.cc", "// FIXME later\n", True),
        ("src/store/a.cc", "// TODO(#12): later\n", False),
        ("src/store/a.cc", "#include <curl/curl.h>\n", True),
        ("src/store/a_test.cc", "std::thread t;\n", False),
    ]
    wrong = [sample for sample in samples
             if bool(list(check_source(sample[0], sample[1], layers))) != sample[2]]
    cycle = {"src/a/x.h": '#include "a/y.h"\n', "src/a/y.h": '#include "a/x.h"\n'}
    if not list(check_cycles(cycle)):
        wrong.append("cycle")
    if not list(check_markdown("README.md", "[x](nowhere.md)")):
        wrong.append("link")
    for sample in wrong:
        print("self-test: wrong verdict on", sample)
    return 1 if wrong else 0


def main():
    if "--self-test" in sys.argv:
        return self_test()
    if "--headers" in sys.argv:
        _, database = compile_database()
        return in_parallel(tracked("src/*.h"), lambda path: header_alone(path, database))
    if "--clang-tidy" in sys.argv:
        folder, database = compile_database()
        paths = [p for p in tracked("*.cc") if p in database and not sees_duckdb(p)]
        return in_parallel(paths, lambda path: clang_tidy(path, folder))
    problems = sorted(text_rules())
    for path, line, what in problems:
        print(f"{path}:{line}: {what}")
    print(f"tidy: {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
