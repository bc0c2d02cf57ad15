# SPDX-License-Identifier: MIT
"""What a bench leaves behind: a table for people, JSON for programs, the machine in both."""
import json
import math
import os
import platform
import statistics
import subprocess

import duckdb

from . import places


def machine():
    cpu = "unknown"
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        for line in info:
            if line.startswith("model name"):
                cpu = line.partition(":")[2].strip()
                break
    pages, page = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    commit = subprocess.run(["git", "-C", places.REPOSITORY, "rev-parse", "HEAD"],
                            capture_output=True, text=True).stdout.strip()
    return {"cpu": cpu, "cores": os.cpu_count(), "memory_gib": round(pages * page / 2**30, 1),
            "kernel": platform.release(), "python": platform.python_version(),
            "duckdb": duckdb.__version__, "commit": commit, "load_before": os.getloadavg()[0]}


def geometric_mean(values):
    return math.exp(statistics.fmean(math.log(value) for value in values))


def cell(value):
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.2f}" if abs(value) < 100 else f"{value:.0f}"
    if isinstance(value, int) and abs(value) >= 10_000:
        return f"{value:,}"
    return str(value)


def markdown(rows):
    """A table with one column per key; rows are dictionaries with the same keys."""
    if not rows:
        return ""
    names = list(rows[0])
    lines = [names] + [[cell(row.get(name)) for name in names] for row in rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(names))]
    drawn = ["| " + " | ".join(text.ljust(width) for text, width in zip(line, widths)) + " |"
             for line in lines]
    drawn.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(drawn)


class Report:
    def __init__(self, name, seed):
        self.name = name
        self.content = {"bench": name, "seed": seed, "machine": machine(), "tables": {}, "notes": []}

    def table(self, title, rows):
        print(f"\n{title}\n")
        print(markdown(rows))
        self.content["tables"][title] = rows

    def note(self, text):
        print(text)
        self.content["notes"].append(text)

    def save(self):
        self.content["machine"]["load_after"] = os.getloadavg()[0]
        places.RESULTS.mkdir(parents=True, exist_ok=True)
        path = places.RESULTS / f"{self.name}.json"
        path.write_text(json.dumps(self.content, indent=1, default=str) + "\n", encoding="utf-8")
        facts = self.content["machine"]
        print(f"\n{facts['cpu']}, {facts['cores']} cores, Linux {facts['kernel']}, DuckDB "
              f"{facts['duckdb']}, seed {self.content['seed']}; written to {path}")
