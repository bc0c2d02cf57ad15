"""Tree: the files that the rules look at, with the parts of C++ that they ask for.

A rule is a function of a Tree that yields findings: (path, line, what is wrong and what to do instead).
`@rule` puts it on the list; its first sentence of documentation is what it demands.
"""
import functools
import pathlib
import re
import subprocess

RULES = []
TEST_FILE = re.compile(r"(_test|_fuzz)\.cc$|^(tests|bench)/")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)
NOT_CODE = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<!\w)\'(?:\\[^\n]+?|[^\'\\\n])\'',
    re.DOTALL)


def rule(function):
    RULES.append(function)
    return function


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def blank(text):
    """As many lines, nothing in them."""
    return "\n" * text.count("\n")


class Tree:
    def __init__(self, root, paths):
        self.root = pathlib.Path(root)
        self.paths = sorted(paths)
        self.all = set(self.paths)

    @classmethod
    def of_git(cls, root):
        """What is tracked or new, without what .gitignore names."""
        out = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=root,
                             capture_output=True, text=True, check=True).stdout
        return cls(root, [p for p in out.splitlines() if (pathlib.Path(root) / p).is_file()])

    @classmethod
    def of_folder(cls, root):
        files = (p for p in pathlib.Path(root).rglob("*") if p.is_file())
        return cls(root, [str(p.relative_to(root)) for p in files])

    @functools.lru_cache(maxsize=None)
    def text(self, path):
        return (self.root / path).read_text(encoding="utf-8", errors="replace")

    @functools.lru_cache(maxsize=None)
    def code(self, path):
        """The text without comments and what stands between quotes, line for line; includes stay."""
        def keep_lines(match):
            found = match.group(0)
            return (" " if found[0] == "/" else '""') + blank(found)
        return NOT_CODE.sub(keep_lines, self.text(path))

    @functools.lru_cache(maxsize=None)
    def includes(self, path):
        """(line, name as written, the file of ours that it is or None) of each include."""
        text = self.text(path)
        return [(line_of(text, m.start()), m.group(2), self.resolve(m.group(2)))
                for m in INCLUDE.finditer(text)]

    def resolve(self, name):
        return next((p for p in (f"src/{name}", name) if p in self.all), None)

    @functools.lru_cache(maxsize=None)
    def reached(self, path):
        """The files of ours that including `path` brings in, itself too."""
        found, todo = set(), [path]
        while todo:
            here = todo.pop()
            if here not in found:
                found.add(here)
                todo += [target for _, _, target in self.includes(here) if target]
        return sorted(found)

    def matching(self, pattern):
        return [p for p in self.paths if re.search(pattern, p)]

    def cpp(self):
        return self.matching(r"^(src|cmd|tests)/.*\.(cc|h)$")

    def product(self):
        return [p for p in self.cpp() if not TEST_FILE.search(p)]

    def headers(self):
        return [p for p in self.cpp() if p.endswith(".h")]

    def documents(self):
        return self.matching(r"\.md$")

    def modules(self):
        return sorted({p.split("/")[1] for p in self.matching(r"^src/\w+/.*\.(cc|h)$")})

    def rows(self):
        """src/LAYERS as {module: row}."""
        pairs = (line.split() for line in self.text("src/LAYERS").splitlines()
                 if line.strip() and not line.startswith("#"))
        return {module: int(row) for row, module in pairs}
