"""Rules between files: who may include whom, and which library stays where."""
import re

from house.tree import line_of, rule

# (include, where it may stand, what to do instead)
CONTAINED = [
    (r"^duckdb|^yyjson|^(?!CLI/|tl/|boost/).*\.hpp$", r"^src/sql/|^cmd/duckpond_extension/",
     "DuckDB stays in src/sql: declare an interface"),
    (r"^curl/", r"^src/net/", "libcurl stays in src/net: use net/http_client.h"),
    (r"^openssl/", r"^src/(net|server)/|^src/base/hash\.cc$|^tests/support/test_certificates\.cc$",
     "OpenSSL: use base/hash.h"),
    (r"^boost/", r"^src/(net|server)/", "Boost stays in src/net and src/server"),
    (r"^CLI/", r"^src/shell/|^cmd/", "options are read in src/shell"),
    (r"^spdlog/", r"^src/(shell|server)/|^cmd/", "return a Status: only the top logs"),
    (r"^(edit|hist)line|^(editline|readline)/", r"^src/shell/", "the line editor stays in src/shell"),
    (r"^sqlite3", r"^$", "there is no SQLite here"),
]
# Vendors whose ways differ from S3's; what is done about it stands in a file of src/store.
VENDORS = re.compile(r"minio|cloudflare|wasabi|backblaze|versitygw|tigris|\bceph\b", re.IGNORECASE)


def sees_duckdb(tree, path):
    """Whether compiling it means compiling DuckDB's headers, which takes seconds."""
    return any(re.search(CONTAINED[0][0], name)
               for p in tree.reached(path) for _, name, target in tree.includes(p) if not target)


@rule
def rows(tree):
    """A file includes its own module and lower rows only."""
    layers = tree.rows()
    for path in tree.matching(r"^src/\w+/.*\.(cc|h)$"):
        module = path.split("/")[1]
        if module not in layers:
            yield path, 1, f"module {module} is not in src/LAYERS"
            continue
        for line, name, target in tree.includes(path):
            other = target.split("/")[1] if target and target.startswith("src/") else None
            if other and other != module and layers.get(other, 99) >= layers[module]:
                yield (path, line, f"{module} (row {layers[module]}) includes {name} of row "
                       f"{layers.get(other)}: declare what is needed as an interface")


@rule
def modules(tree):
    """A row of src/LAYERS is a folder with code and a README."""
    for module in sorted(set(tree.rows()) - set(tree.modules())):
        yield "src/LAYERS", 1, f"module {module} has no code: a row comes with its first file"
    for module in tree.modules():
        if f"src/{module}/README.md" not in tree.all:
            yield (f"src/{module}", 1,
                   "no README.md: why it exists, what belongs, what does not, where to start")


@rule
def containment(tree):
    """A library is seen by the module that stands for it."""
    for path in tree.cpp():
        for line, name, target in tree.includes(path):
            for pattern, allowed, instead in CONTAINED:
                if not target and re.search(pattern, name) and not re.search(allowed, path):
                    yield path, line, f"{name}: {instead}"


@rule
def test_code(tree):
    """Product code knows no tests."""
    for path in tree.product():
        for line, name, _ in tree.includes(path):
            if re.match(r"tests/|gtest/|gmock/|.*_test\.", name):
                yield path, line, f"product code includes {name}"


@rule
def vendors(tree):
    """A vendor's ways are known in its own file of src/store."""
    for path in tree.product():
        if path.startswith("src/store/"):
            continue
        plain = re.sub(r"//[^\n]*", "", tree.text(path))
        for match in VENDORS.finditer(plain):
            yield path, line_of(plain, match.start()), f"{match.group(0)}: put this into src/store"


@rule
def include_cycles(tree):
    """Includes have no cycles."""
    done = set()

    def visit(path, trail):
        if path in trail:
            yield path, 1, "include cycle: " + " → ".join([*trail[trail.index(path):], path])
        elif path not in done:
            for _, _, target in tree.includes(path):
                if target:
                    yield from visit(target, [*trail, path])
            done.add(path)
    for path in tree.cpp():
        yield from visit(path, [])


@rule
def dead_headers(tree):
    """A header has a user besides its own source and the tests of modules."""
    users = {}
    for path in tree.cpp():
        for _, _, target in tree.includes(path):
            users.setdefault(target, set()).add(path)
    for path in tree.headers():
        own = {path.removesuffix(".h") + ".cc"}
        if path.startswith("src/"):
            own |= set(tree.matching(r"^src/.*_(test|fuzz)\.cc$"))
        if not users.get(path, set()) - own:
            yield path, 1, "only its own source and tests use this header: use it or remove it"
