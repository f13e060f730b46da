"""Runs plans and sums up: python -m tools.verify check test"""

from __future__ import annotations

import json
import sys
import time

from tools.verify.counts import Counts
from tools.verify.plans import PLANS
from tools.verify.stage import LOGS, Outcome, run_stage


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in PLANS]
    if unknown or not names:
        print(f"usage: python -m tools.verify {{{','.join(PLANS)}}}...", file=sys.stderr)
        return 2
    started = time.monotonic()
    outcomes: dict[str, Outcome] = {}
    for name in names:
        for stage in PLANS[name]():
            if stage.name not in outcomes:
                outcomes[stage.name] = run_stage(stage, outcomes)
    seconds = time.monotonic() - started
    LOGS.mkdir(parents=True, exist_ok=True)
    times = {outcome.name: round(outcome.seconds, 1) for outcome in outcomes.values()}
    (LOGS / f"times-{'-'.join(names)}.json").write_text(
        json.dumps({"total": round(seconds, 1), "stages": times}, indent=2)
    )
    if names == ["build"]:
        return 0 if all(outcome.passed for outcome in outcomes.values()) else 1
    return _sum_up(list(outcomes.values()), seconds)


def _sum_up(outcomes: list[Outcome], seconds: float) -> int:
    print()
    total = Counts()
    for outcome in outcomes:
        total += outcome.counts
        result = "ok" if outcome.passed else "FAILED"
        counts = outcome.counts.line() if outcome.counts.passed + outcome.counts.skipped > 1 else ""
        print(f"{outcome.name:<22} {result:<7} {outcome.seconds:6.0f} s  {counts}".rstrip())
    print(f"{'all':<22} {'':<7} {seconds:6.0f} s")
    for line in total.closing_lines:
        print(line)
    print(total.line(), flush=True)
    return 0 if all(outcome.passed for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
