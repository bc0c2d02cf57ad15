#!/usr/bin/env python3
"""House rules as a test. Prints each place that breaks one, with what to do instead; exits 1 if any.

  scripts/tidy.py               rules of the text: size, prose, layers, containment, banned calls, links
  scripts/tidy.py --headers     every header compiles alone
  scripts/tidy.py --clang-tidy  the bug-finding rules of .clang-tidy
  scripts/tidy.py --self-test   each rule refuses a sample that breaks it
  scripts/tidy.py --rules       what is demanded, a line a rule

The rules are in scripts/house/.
"""
import pathlib
import sys

from house import code_rules, compile_rules, document_rules, layer_rules  # noqa: F401 (they register)
from house.samples import self_test
from house.tree import RULES, Tree

ROOT = pathlib.Path(__file__).resolve().parents[1]


def text_rules(tree):
    problems = sorted((path, line, what, r.__name__) for r in RULES for path, line, what in r(tree))
    for path, line, what, name in problems:
        print(f"{path}:{line}: {what} [{name}]")
    print(f"tidy: {len(RULES)} rules, {len(tree.paths)} files, {len(problems)} problems")
    return len(problems)


def main():
    chosen = sys.argv[1:]
    if chosen == ["--self-test"]:
        problems = self_test()
    elif chosen == ["--rules"]:
        problems = print(*(f"{r.__name__:20} {r.__doc__}" for r in RULES), sep="\n")
    elif chosen == ["--headers"]:
        problems = compile_rules.headers_alone(Tree.of_git(ROOT))
    elif chosen == ["--clang-tidy"]:
        problems = compile_rules.clang_tidy(Tree.of_git(ROOT))
    elif not chosen:
        problems = text_rules(Tree.of_git(ROOT))
    else:
        print(__doc__, file=sys.stderr)
        return 2
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
