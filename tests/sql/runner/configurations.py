# SPDX-License-Identifier: MIT
"""The configurations in tests/configs: where the pond lies, and what is done to it between records.

Fields of a file, all but "why", "pond" and "attach" optional:
  why              what this configuration shows
  pond             the pond's place; ${SCRATCH}, ${UNIQUE} and those of the server are filled in
  server           "s3": a versitygw is started; gives ${S3_ENDPOINT}, ${S3_KEY}, ${S3_SECRET}, …
                   "dynamodb": DynamoDB Local is started; gives ${DYNAMODB_ENDPOINT} and so on
  before_attach    statements for each new DuckDB instance
  attach           the statement that attaches ${POND} as pond
  after_attach     statements for the new pond
  reattach         true: the pond is detached and attached between records
  threads          of DuckDB
  features         words that skipif, onlyif and require in tests know, beside the file's own name
  loads_extension  false for plain DuckDB
  skip             {glob of test files: reason}
"""
import contextlib
import dataclasses
import fnmatch
import json
import pathlib
import sys

from harness import servers

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "configs"


@dataclasses.dataclass
class Configuration:
    name: str
    why: str
    pond: str
    attach: str
    server: str = ""
    before_attach: list = dataclasses.field(default_factory=list)
    after_attach: list = dataclasses.field(default_factory=list)
    reattach: bool = False
    threads: int = 2
    features: list = dataclasses.field(default_factory=list)
    loads_extension: bool = True
    skip: dict = dataclasses.field(default_factory=dict)

    def reason_to_skip(self, name):
        for pattern, reason in self.skip.items():
            if fnmatch.fnmatch(name, pattern):
                return reason
        return ""


def read(path):
    fields = json.loads(path.read_text(encoding="utf-8"))
    config = Configuration(name=path.stem, **fields)
    config.features = [*config.features, config.name]
    return config


def load(names=None):
    paths = {path.stem: path for path in sorted(FOLDER.glob("*.json"))}
    unknown = set(names or []) - set(paths)
    if unknown:
        sys.exit(f"no configuration {', '.join(sorted(unknown))}; there are: {', '.join(paths)}")
    return [read(paths[name]) for name in names or paths]


@contextlib.contextmanager
def serving(configs, scratch):
    """Runs the servers that the configurations need; yields the variables that say where."""
    variables = {}
    with contextlib.ExitStack() as stack:
        if any(config.server == "s3" for config in configs):
            port = stack.enter_context(servers.s3_server(scratch))
            variables.update(S3_ENDPOINT=f"http://127.0.0.1:{port}", S3_KEY=servers.KEY,
                             S3_SECRET=servers.SECRET, S3_REGION=servers.REGION,
                             S3_BUCKET=servers.BUCKET)
        if any(config.server == "dynamodb" for config in configs):
            port = stack.enter_context(servers.dynamo_server())
            variables.update(DYNAMODB_ENDPOINT=f"http://127.0.0.1:{port}", DYNAMODB_KEY=servers.KEY,
                             DYNAMODB_SECRET=servers.SECRET, DYNAMODB_REGION=servers.REGION,
                             DYNAMODB_TABLE=servers.TABLE)
        yield variables
