"""A real server for the tests: one for each xdist worker, on a free port, with fresh folders, stopped at the end.

AEROLITH_BINARY names the binary (default: build/release/aerolith).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tools.harness.clients import CommandLine, boto_client, resolve_names_locally
from tools.harness.server import Server, default_binary


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Shared by all tests of the worker: leave no trace that another would trip over."""
    if not default_binary().exists():
        pytest.fail(f"no binary at {default_binary()}: run make build", pytrace=False)
    running = Server(tmp_path_factory.mktemp("server"))
    try:
        running.start()
        yield running
        died = not running.is_running()
        code = None if died else running.stop()
        assert not died, f"the server died during the tests:\n{running.log()[-4000:]}"
        assert code == 0, f"exit code {code} after SIGTERM:\n{running.log()[-4000:]}"
    finally:
        running.kill()


@pytest.fixture(autouse=True)
def server_survives(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that brings the shared server down fails by itself, not the ones after it."""
    yield
    if "server" in request.fixturenames:
        running = request.getfixturevalue("server")
        if running.process is not None and not running.is_running():
            ending = running.log()[-4000:]
            running.kill()
            running.start()
            pytest.fail(f"the server died:\n{ending}", pytrace=False)


@pytest.fixture
def make_server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Starts servers of the test's own: make_server(AEROLITH_HTTP_HEAD_DEADLINE="1s")."""
    made: list[Server] = []

    def make(start: bool = True, **settings: str) -> Server:
        own = Server(tmp_path / f"server-{len(made)}", settings=settings)
        made.append(own)
        return own.start() if start else own

    yield make
    for own in made:
        own.kill()


@pytest.fixture(scope="session")
def s3(server: Server) -> Any:
    return boto_client(server, "s3")


@pytest.fixture
def client(server: Server) -> Callable[..., Any]:
    """client("sqs", region_name=...) -> a boto3 client that doesn't retry."""

    def make(service: str, **overrides: Any) -> Any:
        return boto_client(server, service, **overrides)

    return make


@pytest.fixture(scope="session")
def cli(server: Server) -> CommandLine:
    return CommandLine(server)


@pytest.fixture
def local_names(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_names_locally(monkeypatch)


def empty_bucket(s3: Any, name: str) -> None:
    for page in s3.get_paginator("list_multipart_uploads").paginate(Bucket=name):
        for upload in page.get("Uploads", []):
            s3.abort_multipart_upload(Bucket=name, Key=upload["Key"], UploadId=upload["UploadId"])
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
        for entry in page.get("Versions", []) + page.get("DeleteMarkers", []):
            s3.delete_object(Bucket=name, Key=entry["Key"], VersionId=entry["VersionId"])


@pytest.fixture
def bucket_name() -> str:
    return f"t-{uuid.uuid4().hex[:20]}"


@pytest.fixture
def versioned(s3: Any, bucket: str) -> str:
    """A bucket that keeps versions."""
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return bucket


@pytest.fixture
def bucket(s3: Any, bucket_name: str) -> Iterator[str]:
    """An empty bucket, gone after the test."""
    s3.create_bucket(Bucket=bucket_name)
    yield bucket_name
    try:
        empty_bucket(s3, bucket_name)
        s3.delete_bucket(Bucket=bucket_name)
    except s3.exceptions.NoSuchBucket:
        pass
