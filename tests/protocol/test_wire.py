"""The codecs against boto3's own serializers and parsers, over HTTP: every protocol vector in both directions.

AEROLITH_PROTOCOL_TEST_SERVICE names the service's binary; default: the newest in build/*/tests/protocol.
"""

from __future__ import annotations

import json
import os
import subprocess
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
