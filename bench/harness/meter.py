# SPDX-License-Identifier: MIT
"""What a metering proxy counts, delays and refuses.

A dependent round trip is a link of the longest chain of requests in which each started after the one
before had ended. It is kept as src/base/cost.h keeps it: a request's place is one more than the
longest chain that had ended when it started, so no list of requests is needed.

Requests that are meant to be in flight together may happen not to overlap when the server answers at
once. Count round trips with latency injected; without, the figure is an upper bound.
"""
import asyncio
import collections
import time
from dataclasses import dataclass, field

LOG_ENTRIES_MAX = 10_000
KEYS_MAX = 100_000

KINDS = ("get", "put", "delete", "list")


def kind_of(method, target):
    """The billing class of an S3 request: what a price list calls it."""
    path, _, query = target.partition("?")
    names = {pair.partition("=")[0] for pair in query.split("&")}
    if method in ("GET", "HEAD"):
        at_bucket = "/" not in path.strip("/")
        return "list" if at_bucket and names & {"list-type", "prefix", "delimiter"} else "get"
    return "delete" if method == "DELETE" else "put"


@dataclass
class Request:
    """One request on its way; `Meter.start` makes it, `Meter.end` counts it."""

    kind: str
    method: str
    target: str
    place: int
    period: int
    started: float
    bytes_up: int = 0
    bytes_down: int = 0
    status: int = 0
    ended: bool = False


@dataclass
class Settings:
    latency_ms: float = 0.0  # for every request whose kind is not named in latency_ms_by_kind
    latency_ms_by_kind: dict = field(default_factory=dict)
    puts_per_second_per_key: float = 0.0  # 0: no limit
    refusal_status: int = 429  # R2 answers 429, S3 answers 503

    def latency_s(self, kind):
        return self.latency_ms_by_kind.get(kind, self.latency_ms) / 1000


class RateLimit:
    """A bucket of tokens per key that holds one second's worth, and at least one."""

    def __init__(self, clock):
        self.clock = clock
        self.tokens = {}

    def allows(self, key, per_second):
        if per_second <= 0:
            return True
        now, full = self.clock(), max(1.0, per_second)
        left, filled = self.tokens.get(key, (full, now))
        left = min(full, left + (now - filled) * per_second)
        if len(self.tokens) >= KEYS_MAX:
            self.tokens.clear()
        self.tokens[key] = (left - 1 if left >= 1 else left, now)
        return left >= 1


class Meter:
    def __init__(self, settings=None, clock=time.monotonic, sleep=asyncio.sleep):
        self.settings = settings or Settings()
        self.clock, self.sleep = clock, sleep
        self.limit = RateLimit(clock)
        self.period = 0
        self.reset()

    def reset(self):
        """Forgets all; a request under way now will not be counted when it ends."""
        self.period += 1
        self.requests = collections.Counter()
        self.methods, self.statuses = collections.Counter(), collections.Counter()
        self.by_key = collections.defaultdict(collections.Counter)
        self.log = collections.deque(maxlen=LOG_ENTRIES_MAX)
        self.round_trips = 0
        self.bytes = collections.Counter()
        self.began = self.clock()

    def start(self, method, target):
        return Request(kind_of(method, target), method, target, self.round_trips + 1, self.period,
                       self.clock())

    async def delay(self, request):
        seconds = self.settings.latency_s(request.kind)
        if seconds > 0:
            await self.sleep(seconds)

    def refuses(self, request):
        """True if the key has been written too often: the caller answers refusal_status."""
        path, _, query = request.target.partition("?")
        if request.kind != "put" or "partNumber=" in query:
            return False
        return not self.limit.allows(path, self.settings.puts_per_second_per_key)

    def end(self, request):
        if request.ended or request.period != self.period:
            return
        request.ended = True
        self.round_trips = max(self.round_trips, request.place)
        self.requests[request.kind] += 1
        self.methods[request.method] += 1
        self.statuses[str(request.status)] += 1
        content = request.kind == "get" and 200 <= request.status < 300
        self.bytes["up"] += request.bytes_up
        self.bytes["down"] += request.bytes_down
        self.bytes["read"] += request.bytes_down if content else 0
        if len(self.by_key) < KEYS_MAX:
            key = self.by_key[request.target.partition("?")[0]]
            key.update(requests=1, bytes_up=request.bytes_up, bytes_down=request.bytes_down)
        self.log.append({"method": request.method, "target": request.target,
                         "status": request.status, "place": request.place,
                         "start_s": round(request.started - self.began, 6),
                         "end_s": round(self.clock() - self.began, 6),
                         "bytes_up": request.bytes_up, "bytes_down": request.bytes_down})

    def stats(self, log_entries=0):
        """bytes_read is what successful GETs of objects carried; bytes_down and bytes_up are all bodies."""
        busiest = sorted(self.by_key.items(), key=lambda item: -item[1]["requests"])[:20]
        return {"requests": {kind: self.requests[kind] for kind in KINDS},
                "total": sum(self.requests.values()), "round_trips": self.round_trips,
                "bytes_read": self.bytes["read"], "bytes_up": self.bytes["up"],
                "bytes_down": self.bytes["down"], "methods": dict(self.methods),
                "statuses": dict(self.statuses),
                "by_key": {key: dict(counts) for key, counts in busiest},
                "log": list(self.log)[-log_entries:] if log_entries else []}
