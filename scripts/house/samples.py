"""What each rule must refuse. A sample is one or more files laid over a small tree that no rule minds;
the rule named must then say the words given."""
import pathlib
import tempfile

from house.tree import RULES, Tree

LICENCE = "// SPDX-License-Identifier: MIT\n"
PROSE = "//\n// Thing: what is stored under a name, kept for as long as the tree of this sample stands.\n"
HEADER = LICENCE + PROSE + "#pragma once\n"

GOOD = {
    "README.md": "# pond\n[design](ARCHITECTURE.md#the-parts) [guide](docs/guide.md) scripts/run\n",
    "ARCHITECTURE.md": "# Design\n## The parts\n",
    "docs/guide.md": "# Guide\n```\n[no link](nowhere.md)\n```\n",
    "package-lock.json": "{}\n",
    "scripts/run": "source scripts/versions.env\n", "scripts/versions.env": "DUCKDB_VERSION=1.5.5\n",
    "package.json": '{"@duckdb/node-api": "1.5.5-r.5"}\n', "scripts/requirements-test.txt": "duckdb==1.5.5\n",
    "src/LAYERS": "# row module\n0 base\n1 net\n1 disk\n2 store\n",
    "src/base/README.md": "# base\n", "src/net/README.md": "# net\n",
    "src/disk/README.md": "# disk\n", "src/store/README.md": "# store\n",
    "src/base/status.h": HEADER + "enum class StatusCode { kOk };\n",
    "src/base/status_test.cc": LICENCE + '#include "base/status.h"\nauto c = StatusCode::kOk;\n',
    "src/base/clock.cc": LICENCE + "auto t = std::chrono::system_clock::now();\n",
    "src/net/wire.h": HEADER + '#include "base/status.h"\n',
    "src/net/wire.cc": LICENCE + "#include <curl/curl.h>\n// sleep_for and throw are words here.\n",
    "src/disk/file.h": HEADER + '#include "base/status.h"\n',
    "src/disk/file.cc": LICENCE + 'auto s = "throw, time(0)"; char q = \'"\'; int n = 1\'000;\n',
    "src/store/store.h": HEADER + '#include "disk/file.h"\n#include "net/wire.h"\n',
    "src/store/store_test.cc": LICENCE + "#include <gtest/gtest.h>\nstd::thread t;\n",
    "cmd/pond/main.cc": LICENCE + '#include "store/store.h"\nint main() {}\n',
}


def many_lines(count):
    return "int x;\n" * count


def source(code, path="src/store/a.cc"):
    return {path: LICENCE + code + "\n"}


SAMPLES = [
    ("licence_line", {"src/store/a.cc": "int x;\n"}, "first line"),
    ("header_prose", {"src/net/wire.h": LICENCE + "#pragma once\n"}, "without prose"),
    ("header_prose", {"src/net/wire.h": LICENCE + PROSE}, "no #pragma once"),
    ("header_prose", {"src/net/wire.h": LICENCE + "#include <map>\n" + PROSE + "#pragma once\n"}, "other than"),
    ("header_prose", {"src/net/wire.h": LICENCE + "//\n// wire.h\n#pragma once\n"}, "without prose"),
    ("file_lines", {"src/net/wire.h": HEADER + many_lines(400)}, "at most 400"),
    ("file_lines", source(many_lines(1000)), "at most 1000"),
    ("usual_file", {f"src/store/a{i}.cc": LICENCE + many_lines(160) for i in range(20)}, "median file"),
    ("usual_file", {f"src/store/a{i}.h": HEADER + many_lines(100) for i in range(20)}, "median header"),
    ("function_lines", source("int F() {\n" + many_lines(70) + "  return 0;\n}"), "F has 73 lines"),
    ("banned_calls", source("auto t = std::chrono::steady_clock::now();"), "Clock"),
    ("banned_calls", source("auto t = time(nullptr);"), "Clock"),
    ("banned_calls", source("std::random_device d;"), "Random"),
    ("banned_calls", source("int r = rand();"), "Random"),
    ("banned_calls", source("std::thread t([] {});"), "Task"),
    ("banned_calls", source("auto f = std::async(G);"), "Task"),
    ("banned_calls", source("ready.wait_for(lock, limit);"), "BlockingWait"),
    ("banned_calls", source("int n = std::stoi(text);"), "from_chars"),
    ("banned_calls", source("int n = atoi(text);"), "from_chars"),
    ("banned_calls", source("sprintf(buffer, format);"), "fmt::format"),
    ("banned_calls", source("system(command);"), "starts no programs"),
    ("banned_calls", source("std::cerr << problem;"), "Status"),
    ("banned_calls", source("assert(n > 0);"), "CHECK"),
    ("banned_calls", source("using namespace std;"), "names themselves"),
    ("sleeps", source("std::this_thread::sleep_for(limit);"), "wait for what"),
    ("sleeps", source("sleep(1);", "src/store/store_test.cc"), "wait for what"),
    ("exceptions", source("void F() { throw 1; }"), "Status"),
    ("exceptions", source("void F() { try { G(); } catch (...) {} }"), "Status"),
    ("open_marks", source("// FIX" "ME"), "open an issue"),
    ("open_marks", {"scripts/run": "# TO" "DO: more\n"}, "open an issue"),
    ("header_conditions", {"src/net/wire.h": HEADER + "#ifdef __linux__\n#endif\n"}, "put it into a .cc"),
    ("codes_in_tests", {"src/base/status.h": HEADER + "enum class StatusCode { kOk, kLost };\n"}, "kLost"),
    ("rows", {"src/net/wire.h": HEADER + '#include "store/store.h"\n'}, "of row 2"),
    ("rows", {"src/net/wire.h": HEADER + '#include "disk/file.h"\n'}, "of row 1"),
    ("rows", {"src/extra/a.cc": LICENCE}, "not in src/LAYERS"),
    ("modules", {"src/LAYERS": GOOD["src/LAYERS"] + "3 log\n"}, "has no code"),
    ("modules", {"src/extra/a.cc": LICENCE}, "no README.md"),
    ("containment", source('#include "duckdb.hpp"'), "DuckDB stays"),
    ("containment", source('#include "parquet_reader.hpp"'), "DuckDB stays"),
    ("containment", source("#include <duckdb.h>"), "DuckDB stays"),
    ("containment", source("#include <curl/curl.h>"), "libcurl stays"),
    ("containment", source("#include <openssl/evp.h>"), "base/hash.h"),
    ("containment", source("#include <boost/asio.hpp>"), "Boost stays"),
    ("containment", source("#include <CLI/CLI.hpp>"), "src/shell"),
    ("containment", source("#include <spdlog/spdlog.h>"), "only the top logs"),
    ("containment", source("#include <editline/readline.h>"), "line editor"),
    ("containment", source("#include <sqlite3.h>"), "no SQLite"),
    ("test_code", source("#include <gtest/gtest.h>"), "gtest"),
    ("test_code", source('#include "tests/support/a.h"'), "tests/support"),
    ("vendors", source('if (server == "MinIO") {}', "src/net/wire.cc"), "src/store"),
    ("include_cycles", {"src/base/status.h": HEADER + '#include "net/wire.h"\n'}, "cycle"),
    ("dead_headers", {"src/net/old.h": HEADER, "src/net/old.cc": LICENCE + '#include "net/old.h"\n',
                      "src/net/old_test.cc": LICENCE + '#include "net/old.h"\n'}, "only its own"),
    ("live_links", {"docs/guide.md": "[x](nowhere.md)\n"}, "not there"),
    ("live_links", {"docs/guide.md": "[x](../ARCHITECTURE.md#nothing)\n"}, "no such heading"),
    ("live_links", {"docs/guide.md": "[x](/etc/passwd)\n"}, "not there"),
    ("found_documents", {"docs/lost.md": "# Lost\n"}, "no document links"),
    ("short_documents", {"README.md": GOOD["README.md"] + "word " * 600}, "at most 600"),
    ("short_documents", {"src/net/README.md": "line\n" * 61}, "at most 60"),
    ("root_entries", {f"extra{i}": "" for i in range(20)}, "at most 20"),
    ("lock_without_hosts", {"package-lock.json": '{"resolved": "https://host/a.tgz"}\n'}, "address"),
    ("one_duckdb", {"package.json": '{"@duckdb/node-api": "1.5.4-r.1"}\n'}, "says 1.5.5"),
    ("one_duckdb", {"scripts/requirements-test.txt": "boto3==1\nduckdb-cli==1.5.6\n"}, "says 1.5.5"),
    ("one_duckdb", {"scripts/requirements-other.txt": "duckdb==1.5.5\n"}, "says 1.5.5"),
    ("used_scripts", {"scripts/forgotten": "echo\n"}, "nothing mentions"),
]


def findings(files, rules):
    with tempfile.TemporaryDirectory() as folder:
        for path, text in files.items():
            place = pathlib.Path(folder) / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
        tree = Tree.of_folder(folder)
        return [f"{path}:{line}: {what}" for r in rules for path, line, what in r(tree)]


def self_test():
    """Returns the number of wrong verdicts, having printed them."""
    by_name = {r.__name__: r for r in RULES}
    wrong = [f"minds the good tree: {f}" for f in findings(GOOD, RULES)]
    wrong += [f"rule {name} has no sample" for name in by_name if name not in {s[0] for s in SAMPLES}]
    for name, files, words in SAMPLES:
        said = findings({**GOOD, **files}, [by_name[name]])
        if not any(words in f for f in said):
            wrong.append(f"{name} lets pass {sorted(files)}: expected \"{words}\", it said {said}")
    for line in wrong:
        print(f"self-test: {line}")
    print(f"self-test: {len(SAMPLES)} samples of {len(RULES)} rules, {len(wrong)} wrong verdicts")
    return len(wrong)
