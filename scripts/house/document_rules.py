"""Rules of what is read and not compiled: documents, the root folder, the lock file."""
import re

from house.tree import line_of, rule

WORDS_MAX = {"README.md": 600, "ARCHITECTURE.md": 4000, "CONTRIBUTING.md": 900}
ADR_WORDS_MAX = 800
MODULE_README_LINES_MAX = 60
ROOT_ENTRIES_MAX = 20


def prose(text):
    """The text without what is shown as code, line for line."""
    text = re.sub(r"^```.*?^```", lambda m: "\n" * m.group(0).count("\n"), text,
                  flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"`[^`\n]*`", "``", text)


def anchors(text):
    """The names under which a page's headings are linked."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    found = set()
    for heading in re.findall(r"^#+ +(.+?) *#*$", text, re.MULTILINE):
        heading = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        found.add(re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-"))
    return found


def links(tree, path):
    """(line, file, anchor) of each link into the tree; file is None where there is none."""
    text = prose(tree.text(path))
    for match in re.finditer(r"\]\(([^)\s]+)[^)]*\)", text):
        target, _, anchor = match.group(1).partition("#")
        if "://" in target or target.startswith("mailto:"):
            continue
        place = (tree.root / path).parent.joinpath(target).resolve() if target else tree.root / path
        known = place.exists() and place.is_relative_to(tree.root.resolve())
        yield (line_of(text, match.start()), match.group(1),
               str(place.relative_to(tree.root.resolve())) if known else (path if not target else None),
               anchor)


@rule
def live_links(tree):
    """Links lead somewhere."""
    for path in tree.documents():
        for line, written, target, anchor in links(tree, path):
            if target is None:
                yield path, line, f"link to {written}, which is not there"
            elif anchor and target.endswith(".md") and anchor not in anchors(tree.text(target)):
                yield path, line, f"link to {written}: {target} has no such heading"


@rule
def found_documents(tree):
    """A document is linked from another, or nobody finds it."""
    reached = {target for path in tree.documents() for _, _, target, _ in links(tree, path) if target}
    for path in tree.matching(r"^docs/.*\.md$"):
        if path not in reached and not any(path.startswith(folder + "/") for folder in reached):
            yield path, 1, "no document links to it"


@rule
def short_documents(tree):
    """What everybody reads is short."""
    for path in tree.documents():
        text = tree.text(path)
        words = len(text.split())
        most = WORDS_MAX.get(path, ADR_WORDS_MAX if path.startswith("docs/adr/") else words)
        if words > most:
            yield path, 1, f"{words} words, at most {most}"
        if re.fullmatch(r"src/\w+/README\.md", path) and text.count("\n") > MODULE_README_LINES_MAX:
            yield path, 1, f"{text.count(chr(10))} lines, at most {MODULE_README_LINES_MAX}"


@rule
def root_entries(tree):
    """The root folder is taken in at a glance."""
    entries = sorted({path.split("/")[0] for path in tree.paths})
    if len(entries) > ROOT_ENTRIES_MAX:
        yield ".", 1, f"{len(entries)} entries, at most {ROOT_ENTRIES_MAX}: {' '.join(entries)}"


@rule
def lock_without_hosts(tree):
    """The lock file names no host, so that any registry or mirror serves it."""
    for path in tree.matching(r"(^|/)package-lock\.json$"):
        text = tree.text(path)
        for match in re.finditer(r'"resolved": "\w+:[^"]*', text):
            yield (path, line_of(text, match.start()),
                   "a registry's address: npm install --omit-lockfile-registry-resolved")


@rule
def used_scripts(tree):
    """A script is called or mentioned by something else."""
    others = tree.matching(r"^(Makefile|\.ci/.*|CMakeLists\.txt|scripts/.*|tests/.*|.*\.md|src/.*CMake.*)$")
    for path in tree.matching(r"^scripts/"):
        name = path.split("/")[-1]
        names = {name, name.removesuffix(".py")}
        if name == "__init__.py" or re.match(r"requirements-\w+\.txt", name):
            continue
        if not any(re.search(rf"\b{re.escape(n)}\b", tree.text(o)) for o in others if o != path for n in names):
            yield path, 1, "nothing mentions this script"


@rule
def one_duckdb(tree):
    """Every pin of DuckDB is the version that scripts/versions.env names, but the one to be refused."""
    pinned = re.search(r"^DUCKDB_VERSION=(\S+)$", tree.text("scripts/versions.env"), re.MULTILINE).group(1)
    pins = r'"@duckdb/[\w-]+": "([\d.]+)|^duckdb(?:-cli)?==(\S+)$'
    for path in tree.matching(r"^package\.json$|^scripts/requirements-\w+\.txt$|^bench/requirements\.txt$"):
        text = tree.text(path)
        for match in re.finditer(pins, text, re.MULTILINE):
            is_pinned = (match.group(1) or match.group(2)) == pinned
            if is_pinned == (path == "scripts/requirements-other.txt"):
                yield path, line_of(text, match.start()), f"{match.group(0)}: scripts/versions.env says {pinned}"
