"""The codecs against boto3's own serializers and parsers, over HTTP: every protocol vector in both directions.

AEROLITH_PROTOCOL_TEST_SERVICE names the service's binary; default: the newest in build/*/tests/protocol.
"""

from __future__ import annotations

import json
import os
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from vector_models import EXCEPTIONS, VECTORS, Clients, Entry, canonical, client_value, entries, parsed_value, same

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(not VECTORS.exists(), reason="the protocol vectors of ../shared are not here")


def _binary() -> Path:
    if named := os.environ.get("AEROLITH_PROTOCOL_TEST_SERVICE"):
        return Path(named)
    built = sorted(ROOT.glob("build/*/tests/protocol/protocol_test_service"), key=lambda p: p.stat().st_mtime)
    if not built:
        pytest.fail("no protocol_test_service: build the preset debug", pytrace=False)
    return built[-1]


@pytest.fixture(scope="session")
def clients() -> Iterator[Clients]:
    """One service for each worker; its last input and next answer belong to one test at a time."""
    process = subprocess.Popen([_binary()], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin and process.stdout
    try:
        address = process.stdout.readline().strip()
        assert address, "the service didn't start"
        yield Clients(address)
        process.stdin.close()
        assert process.wait(timeout=30) == 0
    finally:
        process.kill()


def _admin(clients: Clients, method: str, path: str, value: Any = None) -> str:
    body = None if value is None else json.dumps(value).encode()
    request = urllib.request.Request(f"http://{clients.address}{path}", data=body, method=method)
    with urllib.request.urlopen(request) as answer:
        return answer.read().decode()


def _cases(direction: str) -> list[Any]:
    if not VECTORS.exists():
        return []
    return [
        pytest.param(entry, case, id=f"{entry.file}/{case['id']}")
        for entry in entries(direction)
        for case in entry.cases
    ]


DOCTYPE = b'<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>'
HOSTILE = [
    # suite, operation, body
    ("json", "KitchenSinkOperation", b"{" * 100_000),
    ("json", "KitchenSinkOperation", b'{"RecursiveStruct":' * 100_000 + b"{}" + b"}" * 100_000),
    ("json", "KitchenSinkOperation", b'{"Unknown":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    ("json", "KitchenSinkOperation", b'{"String":"\xff\xfe"}'),
    ("json", "KitchenSinkOperation", b'{"Integer":' + b"9" * 100_000 + b"}"),
    ("json", "KitchenSinkOperation", b'{"Integer":1e400}'),
    ("json", "KitchenSinkOperation", b'{"Integer":'),
    ("json_1_0", "SimpleScalarProperties", b'{"floatValue":1e999999999}'),
    ("rest-json", "RecursiveShapes", b'{"nested":{"nested":' * 50_000),
    ("rest-xml", "RecursiveShapes", b"<RecursiveShapesRequest>" + b"<nested>" * 100_000),
    (
        "rest-xml",
        "RecursiveShapes",
        DOCTYPE + b"<RecursiveShapesRequest><nested><foo>&b;</foo></nested></RecursiveShapesRequest>",
    ),
    (
        "rest-xml",
        "RecursiveShapes",
        DOCTYPE + b"<RecursiveShapesRequest><nested><foo>&f;</foo></nested></RecursiveShapesRequest>",
    ),
    (
        "rest-xml",
        "RecursiveShapes",
        b"<RecursiveShapesRequest><nested><foo>\xff</foo></nested></RecursiveShapesRequest>",
    ),
    ("rest-xml", "SimpleScalarProperties", b"<SimpleScalarPropertiesRequest><integerValue>" + b"9" * 100_000),
    (
        "rest-xml",
        "SimpleScalarProperties",
        b"<SimpleScalarPropertiesRequest><integerValue>99999999999</integerValue></SimpleScalarPropertiesRequest>",
    ),
    ("smithy-rpc-v2-cbor", "RecursiveShapes", b"\xa1\x66nested" * 100_000),
    ("smithy-rpc-v2-cbor", "RecursiveShapes", b"\xa1\x61x" + b"\x9f" * 100_000),
    ("smithy-rpc-v2-cbor", "RecursiveShapes", b"\xa1\x66nested\xa1\x63foo\x62\xc3\x28"),
    ("smithy-rpc-v2-cbor", "SimpleScalarProperties", b"\xa1\x69blobValue\x5b\x7f" + b"\xff" * 7),
    ("smithy-rpc-v2-cbor", "SimpleScalarProperties", b"\xbb" + b"\xff" * 8),
    ("smithy-rpc-v2-cbor", "SimpleScalarProperties", b"\xa1\x6cintegerValue\x1b" + b"\xff" * 8),
    ("query", "NestedStructures", b"Nested" + b".RecursiveArg" * 100_000 + b".StringArg=x"),
    ("query", "NestedStructures", b"Nested.StringArg=%ff%fe"),
    ("query", "NestedStructures", b"Nested.StringArg=%zz"),
    ("query", "NestedStructures", b"&".join(b"A.%d=1" % n for n in range(150_000))),
    ("query", "QueryLists", b"ListArg.member.99999999999999999999=x"),
    ("query", "SimpleInputParams", b"Bam=" + b"9" * 100_000),
    ("ec2", "NestedStructures", b"Nested" + b".RecursiveArg" * 100_000 + b".StringArg=x"),
    ("ec2", "QueryLists", b"ListArg.-1=x"),
    ("ec2", "SimpleInputParams", b"Bam=1e400"),
]


@pytest.mark.parametrize("suite, operation, body", HOSTILE, ids=[f"{s}-{n}" for n, (s, _, _) in enumerate(HOSTILE)])
def test_hostile_bodies_are_refused(clients: Clients, suite: str, operation: str, body: bytes) -> None:
    entry = next(e for e in entries("input") if e.file == suite and e.cases[0]["given"]["name"] == operation)
    http, metadata = entry.cases[0]["given"]["http"], entry.raw["metadata"]
    headers, path = {"x-test-suite": entry.suite, "content-type": "application/octet-stream"}, http["requestUri"]
    if metadata["protocol"] == "json":
        headers["x-amz-target"] = f"{metadata['targetPrefix']}.{operation}"
    elif metadata["protocol"] == "smithy-rpc-v2-cbor":
        headers["smithy-protocol"] = "rpc-v2-cbor"
        path = f"/service/{metadata['targetPrefix']}/operation/{operation}"
    elif metadata["protocol"] in ("query", "ec2"):
        body = f"Action={operation}&".encode() + body
    request = urllib.request.Request(f"http://{clients.address}{path}", body, headers, method=http["method"])
    with pytest.raises(urllib.error.HTTPError) as refused, urllib.request.urlopen(request):
        pass
    # The service's own status for an input that it couldn't decode; it lives on.
    assert refused.value.status == 418, refused.value.read()
    assert "not resolved" not in json.loads(_admin(clients, "GET", "/_last"))["error"]


def _check(section: str, entry: Entry, case: dict[str, Any], run: Callable[[], None]) -> None:
    """Runs a case; one that can't apply must really fail, or its line has to go."""
    name = f"{entry.file}/{case['id']}"
    if name not in EXCEPTIONS[section]:
        run()
        return
    try:
        run()
    except Exception:
        return
    pytest.fail(f"{name} passes: take it out of [{section}] in not_applicable.toml", pytrace=False)


@pytest.mark.parametrize("entry, case", _cases("input"))
def test_input(clients: Clients, entry: Entry, case: dict[str, Any]) -> None:
    def run() -> None:
        _admin(clients, "PUT", "/_next", {})
        operation = case["given"]["name"]
        shape = clients.client(entry).meta.service_model.operation_model(operation).input_shape
        clients.call(entry, operation, client_value(shape, case.get("params", {})))
        last = json.loads(_admin(clients, "GET", "/_last"))
        assert last.get("operation") == operation
        expected = canonical(shape, case.get("params", {}))
        assert same(last["input"], expected), f"decoded {last['input']}, sent {expected}"

    _check("wire_input", entry, case, run)


@pytest.mark.parametrize("entry, case", _cases("output"))
def test_output(clients: Clients, entry: Entry, case: dict[str, Any]) -> None:
    run = _run_error if "error" in case or "errorCode" in case else _run_output
    _check("wire_output", entry, case, lambda: run(clients, entry, case))


def _run_output(clients: Clients, entry: Entry, case: dict[str, Any]) -> None:
    operation = case["given"]["name"]
    shape = clients.client(entry).meta.service_model.operation_model(operation).output_shape
    expected = canonical(shape, case.get("result", {}))
    _admin(clients, "PUT", "/_next", {"output": expected})
    answer = clients.call(entry, operation, {})
    metadata = answer.pop("ResponseMetadata")
    assert metadata["HTTPStatusCode"] == case["response"]["status_code"]
    # botocore doesn't look for it where the model has no output (CBOR).
    assert metadata.get("RequestId", "0123456789ABCDEF") == "0123456789ABCDEF"
    parsed = parsed_value(shape, answer)
    assert same(parsed, expected), f"parsed {parsed}, encoded {expected}"


def _run_error(clients: Clients, entry: Entry, case: dict[str, Any]) -> None:
    operation = case["given"]["name"]
    shape_name = case["given"]["errors"][0]["shape"]
    shape = clients.client(entry).meta.service_model.shape_for(shape_name)
    members = canonical(shape, case["error"])
    error = {
        "shape": shape_name,
        "code": case["errorCode"],
        "message": case.get("errorMessage", ""),
        "members": {k: v for k, v in members.items() if k.lower() != "message"},
    }
    _admin(clients, "PUT", "/_next", {"error": error})
    with pytest.raises(ClientError) as raised:
        clients.call(entry, operation, {})
    response = raised.value.response
    assert response["Error"]["Code"] == case["errorCode"]
    assert (response["Error"].get("Message") or "") == case.get("errorMessage", "")
    for name, value in members.items():
        assert same(parsed_value(None, response.get(name)), value), f"{name} in {response}"
