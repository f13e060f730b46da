"""`aerolith audit`: filters, following, files that turn over, metrics."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from typing import Any

from tools.harness.audit import federated, read_audit, wait_for_audit
from tools.harness.clients import boto_client
from tools.harness.expect import api_error
from tools.harness.identities import with_keys
from tools.harness.server import Server


def request_id(answer: dict[str, Any]) -> str:
    return str(answer["ResponseMetadata"]["RequestId"])


def test_filters(make_server: Callable[..., Server]) -> None:
    server = make_server()
    s3 = boto_client(server, "s3")
    s3.create_bucket(Bucket="one")
    s3.create_bucket(Bucket="two")
    put = s3.put_object(Bucket="one", Key="k", Body=b"")
    boto_client(server, "sts").get_caller_identity()
    nobody = federated(server, "nobody", {"Action": "s3:ListAllMyBuckets"})
    with api_error("AccessDenied", 403) as caught:
        with_keys(server, "s3", nobody).get_object(Bucket="two", Key="k")
    denied = request_id(caught.value.response)
    wait_for_audit(server, 1, "--request-id", denied)

    def ids(*arguments: str) -> list[str]:
        return [event["request_id"] for event in read_audit(server, *arguments)]

    operations = [event["operation"] for event in read_audit(server)]
    assert operations == ["CreateBucket"] * 2 + ["PutObject", "GetCallerIdentity", "GetFederationToken", "GetObject"]
    assert ids("--denied") == [denied]
    assert ids("--principal", "federated-user/nobody") == [denied]
    assert ids("--principal", "*:federated-user/no?ody") == [denied]
    assert ids("--action", "s3:getobject") == [denied]
    assert ids("--action", "s3:Get*", "--resource", "arn:aws:s3:::one") == []
    assert ids("--resource", "arn:aws:s3:::one/k") == [request_id(put)]
    assert ids("--operation", "Put*") == [request_id(put)]
    assert [e["operation"] for e in read_audit(server, "--service", "sts")] == [
        "GetCallerIdentity",
        "GetFederationToken",
    ]
    assert ids("--limit", "1") == [denied]
    assert len(ids("--since", "1h")) == 6
    assert ids("--until", "1h") == []
    assert ids("--since", "2100-01-01T00:00:00Z") == []
    wrong = server.command("audit", "--since", "yesterday")
    assert wrong.returncode == 2
    assert "--since" in wrong.stderr
    text = server.command("audit", "--denied").stdout
    assert "denied: s3:GetObject on arn:aws:s3:::two/k: no session policy allows it" in text


def test_files_turn_over_and_starts_add_to_them(make_server: Callable[..., Server]) -> None:
    server = make_server(AEROLITH_AUDIT_FILE_SIZE="64KiB")
    s3 = boto_client(server, "s3")
    sent = [request_id(s3.list_buckets()) for _ in range(150)]
    assert server.stop() == 0
    server.start()
    sent += [request_id(s3.list_buckets()) for _ in range(50)]
    # Killed, so that the last file has no end; what is in it is read all the same.
    wait_for_audit(server, 200, "--since", "1h")
    server.kill()
    server.start()
    sent.append(request_id(s3.list_buckets()))
    events = wait_for_audit(server, 201, "--since", "1h")
    assert [event["request_id"] for event in events] == sent
    assert len(list((server.data_folder / "audit").iterdir())) >= 4


def test_the_oldest_files_go(make_server: Callable[..., Server]) -> None:
    server = make_server(AEROLITH_AUDIT_FILE_SIZE="64KiB", AEROLITH_AUDIT_KEEP_SIZE="1MiB")
    s3 = boto_client(server, "s3")
    name = "a" * 60
    for _ in range(2200):
        s3.list_buckets(Prefix=name)
    assert server.stop() == 0
    total = sum(file.stat().st_size for file in (server.data_folder / "audit").iterdir())
    assert total < 1024 * 1024 + 2 * 64 * 1024
    assert not (server.data_folder / "audit/audit-0000000001.jsonl").exists()
    assert read_audit(server, "--limit", "1")


def test_follow_goes_on_across_files(make_server: Callable[..., Server]) -> None:
    server = make_server(AEROLITH_AUDIT_FILE_SIZE="64KiB")
    s3 = boto_client(server, "s3")
    before = request_id(s3.list_buckets())
    wait_for_audit(server, 1)
    follower = subprocess.Popen(
        [str(server.binary), "audit", "--follow", "--json", "--operation", "ListBuckets"],
        env=server.environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert follower.stdout is not None
        seen: list[str] = []
        reader = threading.Thread(
            target=lambda: seen.extend(json.loads(line)["request_id"] for line in follower.stdout or []), daemon=True
        )
        reader.start()
        sent = [before] + [request_id(s3.list_buckets()) for _ in range(300)]
        deadline = time.monotonic() + 20
        while len(seen) < len(sent) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert seen == sent
    finally:
        follower.kill()
        follower.wait()


def test_a_full_disk_is_told_not_hidden(make_server: Callable[..., Server]) -> None:
    """The folder of the log becomes one that nothing can be made in: events are lost, and everybody hears of it."""
    server = make_server(AEROLITH_AUDIT_FILE_SIZE="64KiB")
    if os.geteuid() == 0:
        # Permissions don't stop root; a file in the place of the folder does, once the next file must be made.
        folder = server.data_folder / "audit"
        folder.rename(server.data_folder / "audit-moved")
        folder.write_text("in the way")
    else:
        (server.data_folder / "audit").chmod(0o500)
    s3 = boto_client(server, "s3")
    for _ in range(400):
        assert s3.list_buckets()["ResponseMetadata"]["HTTPStatusCode"] == 200
    deadline = time.monotonic() + 15
    while "EVENTS LOST" not in server.log() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert "EVENTS LOST" in server.log()
    metrics = subprocess.run(
        ["curl", "-sSf", f"{server.endpoint}/_aerolith/metrics"], check=True, capture_output=True, text=True
    ).stdout
    lost = next(line for line in metrics.splitlines() if line.startswith("aerolith_audit_events_lost_total"))
    assert float(lost.split()[1]) > 0


def test_switched_off(make_server: Callable[..., Server]) -> None:
    server = make_server(AEROLITH_AUDIT_ENABLED="false")
    boto_client(server, "s3").list_buckets()
    assert server.stop() == 0
    assert not (server.data_folder / "audit").exists()
    asked = server.command("audit")
    assert asked.returncode == 1
    assert "no audit log yet" in asked.stderr


def test_trace_prints_the_least_policy_and_what_was_missing(
    make_server: Callable[..., Server],
) -> None:
    server = make_server()
    s3 = boto_client(server, "s3")
    s3.create_bucket(Bucket="traced")
    keys = federated(server, "worker", {"Action": ["s3:PutObject", "s3:GetObject", "s3:ListBucket"]})
    tracer = subprocess.Popen(
        [str(server.binary), "iam", "trace", "--json", "--principal", "federated-user/worker"],
        env=server.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert tracer.stderr is not None
    assert "watching" in tracer.stderr.readline()
    time.sleep(0.3)
    own = with_keys(server, "s3", keys)
    for number in range(3):
        own.put_object(Bucket="traced", Key=f"in/{number}", Body=b"x")
    own.get_object(Bucket="traced", Key="in/0")
    own.list_objects_v2(Bucket="traced")
    with api_error("AccessDenied", 403):
        own.delete_object(Bucket="traced", Key="in/0")
    time.sleep(0.3)
    tracer.send_signal(signal.SIGINT)
    out, _ = tracer.communicate(timeout=20)
    (traced,) = json.loads(out)["principals"]
    assert traced["calls"] == 6
    # A federated user's policies are those of whoever made it: here the root's session policy.
    assert traced["denied"] == [
        {
            "action": "s3:DeleteObject",
            "resource": "arn:aws:s3:::traced/in/0",
            "why": "no session policy allows it",
            "went_through": False,
            "times": 1,
        }
    ]
    statements = traced["policy"]["Statement"]
    by_action = {action: s["Resource"] for s in statements for action in s["Action"]}
    assert by_action == {
        "s3:PutObject": [f"arn:aws:s3:::traced/in/{number}" for number in range(3)],
        "s3:GetObject": ["arn:aws:s3:::traced/in/0"],
        "s3:ListBucket": ["arn:aws:s3:::traced"],
    }

    # The policy that was printed is enough to do the same again, and no more.
    narrow = federated(server, "narrow", *statements)
    again = with_keys(server, "s3", narrow)
    for number in range(3):
        again.put_object(Bucket="traced", Key=f"in/{number}", Body=b"x")
    again.get_object(Bucket="traced", Key="in/0")
    again.list_objects_v2(Bucket="traced")
    with api_error("AccessDenied", 403):
        again.get_object(Bucket="traced", Key="in/1")

    looked_back = server.command(
        "iam", "trace", "--since", "1h", "--principal", "federated-user/worker", "--widen", "2"
    )
    assert looked_back.returncode == 0, looked_back.stderr
    assert "arn:aws:s3:::traced/in/*" in looked_back.stdout
    assert "denied 1 times: s3:DeleteObject" in looked_back.stdout
