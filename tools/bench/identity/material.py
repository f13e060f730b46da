"""Who calls in the bars of identity: a user with ten policies of five statements each, and a crowd around it."""

from __future__ import annotations

import json
import math
import time
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tools.bench.measure import cpu_seconds
from tools.harness.clients import boto_client
from tools.harness.raw_http import RawConnection
from tools.harness.server import Server
from tools.harness.signing import SignedRequest, Signer

POLICIES = 10
# Users and roles: the first account, which is measured, is full (IAM's quotas are 5,000 and 1,000).
FIRST_ACCOUNT = (4_900, 900)
OTHER_ACCOUNT = (850, 150)
CONNECTIONS = 48
PROCESSES = 2
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    }
)


@dataclass(frozen=True)
class Keys:
    access_key: str
    secret_key: str


def _allow(action: str | list[str], resource: str | list[str], **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource} | more


def _policy(number: int) -> str:
    """As tools/bench/policy/policy_bench.cc has them; the last one allows to list buckets."""
    shared = f"arn:aws:s3:::shared-{number}-*"
    prefixes = {"StringLike": {"s3:prefix": ["home/*", f"team/{number}/*"]}}
    never = {"Bool": {"aws:SecureTransport": "true"}}
    queues = f"arn:aws:sqs:*:111122223333:${{aws:username}}-{number}"
    last = _allow("s3:ListAllMyBuckets", "*") if number == POLICIES - 1 else _allow("sqs:*", queues)
    statements = [
        _allow(["ec2:Describe*", "ec2:StartInstances", "ec2:StopInstances"], "*"),
        _allow(["s3:GetObject", "s3:PutObject"], [f"arn:aws:s3:::team-{number}", f"arn:aws:s3:::team-{number}/*"]),
        _allow("s3:List*", shared, Condition=prefixes),
        {"Effect": "Deny", "Action": ["s3:*", "iam:*"], "Resource": "*", "Condition": never},
        last,
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def make_user(server: Server) -> Keys:
    """A user with the ten policies, attached."""
    iam = boto_client(server, "iam")
    iam.create_user(UserName="measured")
    for number in range(POLICIES):
        made = iam.create_policy(PolicyName=f"measured-{number}", PolicyDocument=_policy(number))
        iam.attach_user_policy(UserName="measured", PolicyArn=made["Policy"]["Arn"])
    keys = iam.create_access_key(UserName="measured")["AccessKey"]
    return Keys(keys["AccessKeyId"], keys["SecretAccessKey"])


def _create(signer: Signer, action: str, name: str) -> SignedRequest:
    parameters = {"Action": action, "Version": "2010-05-08"}
    if action == "CreateUser":
        parameters["UserName"] = name
    else:
        parameters |= {"RoleName": name, "AssumeRolePolicyDocument": TRUST}
    return signer.sign(
        "POST", "/", urlencode(parameters).encode(), {"Content-Type": "application/x-www-form-urlencoded"}
    )


def _bytes(request: SignedRequest) -> bytes:
    fields = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    head = f"{request.method} {request.target} HTTP/1.1\r\n{fields}Content-Length: {len(request.body)}\r\n\r\n"
    return head.encode() + request.body


def _fill_account(root: Path, port: int, keys: Keys, users: int, roles: int) -> None:
    """In a process of its own. One request at a time on each of many connections: commits share their syncs."""
    server = Server(root)
    server.port = port
    signer = Signer(server, keys.access_key, keys.secret_key, service="iam")
    work = [("CreateUser", f"user-{n}") for n in range(users)] + [("CreateRole", f"role-{n}") for n in range(roles)]
    connections = [RawConnection(port) for _ in range(CONNECTIONS)]
    for start in range(0, len(work), CONNECTIONS):
        step = list(zip(connections, work[start : start + CONNECTIONS], strict=False))
        for connection, (action, name) in step:
            connection.send(_bytes(_create(signer, action, name)))
        for connection, (action, name) in step:
            answer = connection.read_answer()
            if answer.status != 200:
                raise RuntimeError(f"{action} {name}: {answer.status} {answer.body[:300]!r}")
    for connection in connections:
        connection.close()


def _make_account(server: Server, name: str) -> Keys:
    made = server.command("account", "create", "--name", name, "--json")
    if made.returncode != 0:
        raise RuntimeError(f"no account: {made.stderr}")
    told = json.loads(made.stdout)
    return Keys(told["access_key_id"], told["secret_access_key"])


def fill(server: Server, count: int) -> float:
    """`count` users and roles, or few more, in many accounts: the quotas demand it. Answers seconds."""
    started = time.monotonic()
    root = server.credentials()
    jobs = [(server.root, server.port, Keys(root.access_key, root.secret_key), *FIRST_ACCOUNT)]
    for number in range(math.ceil((count - sum(FIRST_ACCOUNT)) / sum(OTHER_ACCOUNT))):
        jobs.append((server.root, server.port, _make_account(server, f"crowd-{number}"), *OTHER_ACCOUNT))
    # Signing is Python's work: in more than one process.
    with get_context("spawn").Pool(PROCESSES) as pool:
        pool.starmap(_fill_account, jobs, chunksize=1)
    return time.monotonic() - started


def settle(server: Server, longest_seconds: float = 30) -> None:
    """Until the server does nothing: what was filled in is tidied up."""
    deadline = time.monotonic() + longest_seconds
    while time.monotonic() < deadline:
        before = cpu_seconds(server.pid)
        time.sleep(1)
        if cpu_seconds(server.pid) - before <= 0.02:
            return
