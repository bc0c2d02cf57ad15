"""Rules of single C++ files: how long, how opened, what is not called."""
import json
import re
import statistics
import subprocess

from house.tree import line_of, rule

HEADER_LINES_MAX, SOURCE_LINES_MAX, FUNCTION_LINES_MAX = 400, 1000, 70
FILE_MEDIAN_MAX, HEADER_MEDIAN_MAX = 150, 90
PROSE_WORDS_MIN = 12
LICENCE = "// SPDX-License-Identifier: MIT\n"

# (what, where it may stand, what to use instead); looked for in code, not in comments or strings.
BANNED = [
    (r"\b(system|steady|high_resolution)_clock\b|\b(gettimeofday|clock_gettime|localtime(_r)?)\s*\("
     r"|(?<![\w.>])time\s*\(\s*(NULL|nullptr|0|&)|\bGetCurrentTimestamp\s*\(",
     r"^src/base/", "Clock for dates, Executor::NowUs for durations"),
    (r"\brandom_device\b|\bmt19937(_64)?\b|\bs?rand(om|48)?\s*\(|\bgetrandom\s*\(|\bRAND_bytes\b"
     r"|\bRandomEngine\b|\bGenerateRandomUUID\b", r"^src/base/", "Random or UuidSource of base"),
    (r"\bstd::(jthread|async)\b|\bstd::thread\b(?!::)|\bpthread_create\b|\bthread_pool\b",
     r"^src/base/", "a Task on the Executor, or Thread of base/thread.h"),
    (r"\bwait_(for|until)\s*\(", r"^src/base/", "BlockingWait or Sleep of base"),
    (r"\b(ato[ifl]|atoll|strto[a-z]+)\s*\(|\bstd::sto[a-z]+\b", r"^$",
     "std::from_chars, and say what was wrong"),
    (r"\b(sprintf|strcpy|strcat|strtok|gets)\s*\(", r"^$", "fmt::format and std::string"),
    (r"(?<![\w.>])(system|popen)\s*\(", r"^$", "nothing: the product starts no programs"),
    (r"\bstd::(cerr|cout|clog)\b|(?<![\w.>])f?printf\s*\(", r"^(src/(shell|server)|cmd)/|^src/base/check\.cc$",
     "a Status: only the top speaks"),
    (r"\bassert\s*\(", r"^$", "CHECK for our own bugs, a Status for anybody else's bytes"),
    (r"(?m)^using\s+namespace\b", r"^$", "the names themselves"),
]
SLEEPS = re.compile(r"\bsleep_(for|until)\b|(?<![\w.>])(u?sleep|nanosleep)\s*\(")

# Where exceptions may be met, each with its reason.
EXCEPTIONS_MET = {
    "src/sql/": "DuckDB throws, and expects its callbacks to",
    "src/shell/command_line.cc": "CLI11 reports wrong options so",
    "src/base/lending_threads.cc": "std::thread reports so that there are no more",
}
# In two parts, so that the rule does not find itself.
MARKS = re.compile(r"\b(FIX" r"ME|XX" r"X|HA" r"CK|TO" r"DO(?!\(#\d+\)))\b")


@rule
def licence_line(tree):
    """C++ files begin with their licence."""
    for path in tree.cpp():
        if not tree.text(path).startswith(LICENCE):
            yield path, 1, f"the first line is not {LICENCE.strip()}"


@rule
def header_prose(tree):
    """A header says what it is for above #pragma once."""
    for path in tree.headers():
        head, once, _ = tree.text(path).partition("\n#pragma once\n")
        prose = head.removeprefix(LICENCE)
        others = [line for line in prose.splitlines() if line.strip() and not line.startswith("//")]
        if not once:
            yield path, 1, "no #pragma once"
        elif others:
            yield path, 1, f"something other than comment above #pragma once: {others[0]}"
        elif len(re.findall(r"[A-Za-z]{2,}", prose)) < PROSE_WORDS_MIN:
            yield path, 1, "opens without prose: what it is for, threads, lifetime, units, errors"


@rule
def file_lines(tree):
    """Files end before one loses one's way in them."""
    for path in tree.cpp():
        lines = tree.text(path).count("\n")
        most = HEADER_LINES_MAX if path.endswith(".h") else SOURCE_LINES_MAX
        if lines > most:
            yield path, 1, f"{lines} lines, at most {most}: split it"


@rule
def usual_file(tree):
    """The usual file is short."""
    for what, paths, most in (("file", tree.product(), FILE_MEDIAN_MAX),
                              ("header", tree.headers(), HEADER_MEDIAN_MAX)):
        lines = [tree.text(p).count("\n") for p in paths]
        if lines and statistics.median(lines) > most:
            yield "src", 1, f"the median {what} has {statistics.median(lines):.0f} lines, at most {most}"


@rule
def function_lines(tree):
    """Functions fit on a screen."""
    command = ["ctags", "--languages=C++", "--langmap=C++:.cc.h", "--kinds-C++=f", "--fields=+ne",
               "--output-format=json", "-L", "-"]
    out = subprocess.run(command, cwd=tree.root, input="\n".join(tree.product()),
                         capture_output=True, text=True, check=True).stdout
    for tag in map(json.loads, out.splitlines()):
        lines = tag.get("end", tag["line"]) - tag["line"] + 1
        if lines > FUNCTION_LINES_MAX:
            yield (tag["path"], tag["line"],
                   f"{tag['name']} has {lines} lines, at most {FUNCTION_LINES_MAX}: split it")


@rule
def banned_calls(tree):
    """Time, chance, threads and what throws or overflows behind our back come from base."""
    for path in tree.product():
        code = tree.code(path)
        for pattern, allowed, instead in BANNED:
            if re.search(allowed, path):
                continue
            for match in re.finditer(pattern, code):
                yield path, line_of(code, match.start()), f"{match.group(0).strip()}: use {instead}"


@rule
def sleeps(tree):
    """Nobody sleeps, tests neither: they would pass or fail with the machine's load."""
    for path in tree.cpp():
        for match in SLEEPS.finditer(tree.code(path)):
            yield (path, line_of(tree.code(path), match.start()),
                   f"{match.group(0).strip()}: wait for what is to happen; Sleep of base in a task")


@rule
def exceptions(tree):
    """Errors are values: nothing throws or catches but at the edges named here."""
    for path in tree.product():
        if any(path.startswith(edge) for edge in EXCEPTIONS_MET):
            continue
        code = tree.code(path)
        for match in re.finditer(r"\btry\s*\{|\bthrow\b|\bcatch\s*\(", code):
            yield (path, line_of(code, match.start()),
                   f"{match.group(0).strip()}: use Status and Result, or name the edge in {__name__}")


@rule
def open_marks(tree):
    """What is left to do is an issue, named by its number."""
    for path in tree.matching(r"\.(cc|h|py|md|cmake|test|txt)$|^(scripts|tests|bench)/[^.]*$|^Makefile$"):
        text = tree.text(path)
        for match in MARKS.finditer(text):
            yield path, line_of(text, match.start()), f"{match.group(0)}: open an issue, write TO" "DO(#123)"


@rule
def header_conditions(tree):
    """Headers look the same in every build; platforms and vendors differ in a .cc."""
    for path in tree.headers():
        if path != "src/base/check.h":  # DCHECK is nothing in a release.
            code = tree.code(path)
            for match in re.finditer(r"^[ \t]*#[ \t]*if\w*", code, re.MULTILINE):
                yield path, line_of(code, match.start()), "#if in a header: put it into a .cc"


@rule
def codes_in_tests(tree):
    """Each status code is met by a test."""
    if "src/base/status.h" not in tree.all:
        return
    declared = re.search(r"enum class StatusCode[^{]*\{(.*?)\}", tree.code("src/base/status.h"), re.DOTALL)
    tests = "\n".join(tree.code(p) for p in tree.matching(r"^(src|tests)/.*\.cc$"))
    for code in re.findall(r"\bk[A-Z]\w+", declared.group(1)):
        if not re.search(rf"StatusCode::{code}\b", tests):
            yield "src/base/status.h", 1, f"no test expects StatusCode::{code}"
