"""Reading the audit log as a user does: with `aerolith audit`."""

from __future__ import annotations

import json
import time
from typing import Any

from tools.harness.clients import boto_client
from tools.harness.server import Server

Events = list[dict[str, Any]]


def read_audit(server: Server, *arguments: str) -> Events:
    result = server.command("audit", "--json", *arguments)
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    return [json.loads(line) for line in result.stdout.splitlines()]


def wait_for_audit(server: Server, count: int, *arguments: str) -> Events:
    """Events are in the file a moment after the answer."""
    deadline = time.monotonic() + 10
    while True:
        events = read_audit(server, *arguments)
        if len(events) >= count or time.monotonic() > deadline:
            assert len(events) == count, events
            return events
        time.sleep(0.02)


def federated(server: Server, name: str, *statements: dict[str, Any]) -> dict[str, Any]:
    """Keys of a federated user who may do what the statements say."""
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*"} | s for s in statements]}
    made = boto_client(server, "sts").get_federation_token(Name=name, Policy=json.dumps(policy))
    return {"Arn": made["FederatedUser"]["Arn"]} | made["Credentials"]
