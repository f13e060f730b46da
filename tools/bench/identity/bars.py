"""Bars of identity: what a decision costs, what enforcement and the audit log take of the rate of signed calls, that a
change of a policy holds from the next call on, and that a crowd in the store changes none of this."""

from __future__ import annotations

import json
import re
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from tools.bench.identity.material import Keys, fill, make_user, settle
from tools.bench.measure import Measurement
from tools.bench.server_bars import run_wrk
from tools.harness.clients import boto_client
from tools.harness.server import REPOSITORY, Server
from tools.harness.signing import Signer

CROWD = 100_000
ROUNDS = 5
SECONDS = 3
CHANGES = 200
Change = Callable[[], Any]
POLICY_BENCH = REPOSITORY / "build/release/src/policy/policy_bench"


def decision() -> Measurement:
    """The dearest of the cases of tools/bench/policy: ten policies, fifty statements."""
    subprocess.run(
        ["cmake", "--build", str(REPOSITORY / "build/release"), "--target", "policy_bench"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    told = subprocess.run([str(POLICY_BENCH)], capture_output=True, text=True).stdout
    costs = {name: float(cost) for name, cost in re.findall(r"^(.*): (-?\d+) ns$", told, re.MULTILINE)}
    filling = costs.pop("filling a context of 16 keys")
    assert costs and min(costs.values()) > 0, told
    return Measurement(
        "a decision over ten policies of five statements, the dearest of four",
        max(costs.values()) / 1000,
        "µs",
        2,
        details={f"{name} (ns)": cost for name, cost in costs.items()} | {"filling a context of 16 keys (ns)": filling},
    )


@contextmanager
def _servers() -> Iterator[Callable[..., Server]]:
    with tempfile.TemporaryDirectory(prefix="aerolith-bench-") as folder:
        started: list[Server] = []

        def start(**settings: str) -> Server:
            started.append(Server(Path(folder) / str(len(started)), settings=settings))
            return started[-1].start()

        try:
            yield start
        finally:
            for server in started:
                server.kill()


class Changes:
    """A user's right is given and taken, over and over; each time the very next call, on another connection, tells."""

    def __init__(self, server: Server) -> None:
        self.late = 0
        self.milliseconds: list[float] = []  # of a change and the call after it
        iam = boto_client(server, "iam")
        user, group, policy = {"UserName": "changing"}, {"GroupName": "changing"}, {"PolicyName": "lists"}
        rights = {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}
        document = {"PolicyDocument": json.dumps({"Version": "2012-10-17", "Statement": [rights]})}
        iam.create_user(**user)
        iam.create_group(**group)
        iam.put_group_policy(**group, **policy, **document)
        managed = user | {"PolicyArn": iam.create_policy(**policy, **document)["Policy"]["Arn"]}
        keys = iam.create_access_key(**user)["AccessKey"]
        self._own = boto_client(
            server, aws_access_key_id=keys["AccessKeyId"], aws_secret_access_key=keys["SecretAccessKey"]
        )
        self._ways: list[tuple[Change, Change]] = [
            (
                partial(iam.put_user_policy, **user, **policy, **document),
                partial(iam.delete_user_policy, **user, **policy),
            ),
            (partial(iam.attach_user_policy, **managed), partial(iam.detach_user_policy, **managed)),
            (partial(iam.add_user_to_group, **user, **group), partial(iam.remove_user_from_group, **user, **group)),
        ]

    def _is_allowed(self) -> bool:
        try:
            self._own.list_buckets()
        except ClientError as refused:
            assert refused.response["Error"]["Code"] == "AccessDenied", refused
            return False
        return True

    def run(self, count: int) -> None:
        for number in range(count // 2):
            give, take = self._ways[number % len(self._ways)]
            for change, expected in ((give, True), (take, False)):
                started = time.perf_counter()
                change()
                self.late += self._is_allowed() is not expected
                self.milliseconds.append((time.perf_counter() - started) * 1000)


@dataclass
class Measured:
    """One caller of one server, and what it reached in each round."""

    server: Server
    keys: Keys
    rates: list[float] = field(default_factory=list)

    def run(self) -> None:
        """Signed ListBuckets of one bucket, a second of the server's processor time: the foundation's bar."""
        request = Signer(self.server, self.keys.access_key, self.keys.secret_key).sign("GET", "/")
        self.rates.append(run_wrk(self.server, request, SECONDS, warm_seconds=1)["per_cpu_second"])

    @property
    def rate(self) -> float:
        return statistics.median(self.rates)


def _lost(name: str, dear: Measured, cheap: Measured, bar: float | None = None) -> Measurement:
    """How much less is done: the median of the rounds, each for itself, since a machine's pace changes."""
    lost = [100 * (1 - slow / fast) for slow, fast in zip(dear.rates, cheap.rates, strict=True)]
    details = {"per cpu second": dear.rate, "against": cheap.rate, "least": min(lost), "most": max(lost)}
    return Measurement(f"{name}, rate lost", statistics.median(lost), "%", bar, details=details)


def _late(name: str, changes: Changes) -> Measurement:
    details = {"changes": len(changes.milliseconds), "p50 of a change and the call (ms)": _median(changes)}
    return Measurement(
        f"changes of policies that the next call doesn't see{name}", changes.late, "", 0, details=details
    )


def _median(changes: Changes) -> float:
    return statistics.median(changes.milliseconds)


def _prepare(server: Server) -> tuple[Measured, Measured, Changes]:
    """The root, a user with ten policies, a user whose rights change."""
    boto_client(server).create_bucket(Bucket="bench")
    root = server.credentials()
    user = Measured(server, make_user(server))
    return Measured(server, Keys(root.access_key, root.secret_key)), user, Changes(server)


def of_servers() -> list[Measurement]:
    with _servers() as start:
        root_unlogged, user_unlogged, _ = _prepare(start(AEROLITH_AUDIT_ENABLED="false"))
        root, user, changes = _prepare(start())
        crowded = start()
        _, user_in_crowd, changes_in_crowd = _prepare(crowded)
        fill_seconds = fill(crowded, CROWD)
        settle(crowded)
        subjects = [root_unlogged, user_unlogged, root, user, user_in_crowd]
        for number in range(ROUNDS):
            for subject in subjects if number % 2 == 0 else reversed(subjects):
                subject.run()
            for one in (changes, changes_in_crowd):
                one.run(CHANGES // ROUNDS)
    crowd = f"with {CROWD:,} users and roles"
    slower = Measurement(
        f"a change and the next call, {crowd}, longer",
        100 * (_median(changes_in_crowd) / _median(changes) - 1),
        "%",
        20,
        details={"seconds to make the crowd": fill_seconds},
    )
    return [
        _lost("enforcement: a user with ten policies, against the root, both without audit log",
              user_unlogged, root_unlogged, 10),
        _lost("audit log: the root with it, against without", root, root_unlogged),
        _lost("both: the user with audit log, against the root without", user, root_unlogged),
        _late("", changes),
        _late(", " + crowd, changes_in_crowd),
        _lost(f"the user's calls {crowd}, against none", user_in_crowd, user, 20),
        slower,
    ]  # fmt: skip


def all_bars() -> list[Measurement]:
    return [decision(), *of_servers()]
