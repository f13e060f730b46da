"""The bars of the S3 data path, and whether a run met them."""

from __future__ import annotations

from dataclasses import dataclass

from tools.bench.s3.sample import Sample

Results = dict[str, dict[str, Sample]]  # row -> server -> what it did

BEST_PEER = "the best peer"


@dataclass(frozen=True)
class Bar:
    row: str
    limit: float
    against: str = ""  # a server's name or BEST_PEER: `limit` is a factor; else a number in the row's unit
    at_least: bool = True
    detail: str = ""  # a detail of the sample instead of its value
    only_among: int = 0  # the bar is for so many objects or keys; a smaller run says so


BARS = (
    Bar("put-4k", 15_000),
    Bar("put-4k", 5, "minio"),
    Bar("put-4k", 10, at_least=False, detail="p99_ms"),
    Bar("get-4k", 4, "minio"),
    Bar("get-4k", 0.4, "nginx"),
    Bar("get-1m", 0.8, "nginx"),
    Bar("put-1m", 800),
    Bar("put-1m", 2, "minio"),
    Bar("multipart-64m", 1, BEST_PEER),
    Bar("mixed-256k", 2, BEST_PEER),
    Bar("list", 300_000, only_among=1_000_000),
    Bar("copy-1g", 20, at_least=False),
    Bar("put-crowded", 1.2, at_least=False, only_among=10_000_000),
    Bar("restart", 500, at_least=False, only_among=1_000_000),
    Bar("memory-idle", 30, at_least=False),
    Bar("memory-uploads", 250, at_least=False),
    Bar("space", 1.3, at_least=False),
    Bar("syncs", 1, detail="share_after_a_sync"),
)


@dataclass(frozen=True)
class Verdict:
    bar: Bar
    measured: float | None  # in the row's unit, or as a factor where the bar is against a peer
    reference: str = ""  # who the peer was, or why nothing was measured, or how much smaller the run was

    @property
    def met(self) -> bool | None:
        if self.measured is None:
            return None
        return self.measured >= self.bar.limit if self.bar.at_least else self.measured <= self.bar.limit

    @property
    def missed_by(self) -> str:
        assert self.measured is not None
        if self.bar.at_least:
            return f"{100 * (1 - self.measured / self.bar.limit):.0f} % under"
        return f"{100 * (self.measured / self.bar.limit - 1):.0f} % over"


def _reference(bar: Bar, samples: dict[str, Sample]) -> tuple[str, float] | None:
    """The peer that the bar is against."""
    values = {
        name: sample.value
        for name, sample in samples.items()
        if sample.value and name != "aerolith" and (bar.against == BEST_PEER or name == bar.against)
    }
    return max(values.items(), key=lambda item: item[1]) if values else None


def judge(bar: Bar, samples: dict[str, Sample]) -> Verdict:
    ours = samples.get("aerolith")
    if ours is None or ours.value is None:
        return Verdict(bar, None, ours.reason if ours else "not run")
    value = float(ours.details[bar.detail]) if bar.detail else ours.value
    among = ours.details.get("objects", ours.details.get("keys", 0))
    said = f"with {among:,} objects, not {bar.only_among:,}" if among < bar.only_among else ""
    if not bar.against:
        return Verdict(bar, value, said)
    found = _reference(bar, samples)
    if found is None:
        return Verdict(bar, None, f"no number from {bar.against}")
    return Verdict(bar, value / found[1], found[0])


def judge_all(results: Results) -> list[Verdict]:
    return [judge(bar, results[bar.row]) for bar in BARS if bar.row in results]
