"""Starts and stops that don't go by the book: two at once, a taken port, a killed server, a broken configuration."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tools.harness.clients import boto_client
from tools.harness.server import Server
from tools.harness.trees import digests


@pytest.fixture
def cloud(make_server: Callable[..., Server]) -> Iterator[Server]:
    """Not started; stopped by `down` at the end."""
    own = make_server(start=False)
    yield own
    own.command("down")


def status(cloud: Server) -> dict[str, object]:
    return json.loads(cloud.command("status", "--json").stdout)


def test_several_ups_at_once_make_one_server(cloud: Server) -> None:
    ups = [
        subprocess.Popen(
            [str(cloud.binary), "up"],
            env=cloud.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    outputs = [up.communicate(timeout=60) for up in ups]
    assert [up.returncode for up in ups] == [0, 0, 0, 0], outputs
    pids = {re.search(r"pid (\d+)", out)[1] for out, _ in outputs}
    assert len(pids) == 1
    assert sum("is ready" in out for out, _ in outputs) == 1
    assert cloud.command("logs", "-n", "1000").stdout.count("Ready.") == 1


def test_a_killed_server_leaves_nothing_in_the_way(cloud: Server) -> None:
    assert cloud.command("up").returncode == 0
    before = cloud.credentials()
    first = status(cloud)["pid"]
    os.kill(first, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while cloud.command("status").returncode == 0 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert cloud.command("status").returncode == 3
    assert cloud.command("down").returncode == 0
    assert cloud.command("up").returncode == 0
    assert status(cloud)["pid"] != first
    assert cloud.credentials() == before


def test_a_taken_port_is_said_with_the_log_s_end(cloud: Server) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", cloud.port))
        other.listen()
        result = cloud.command("up")
        assert result.returncode == 1
        assert str(cloud.port) in result.stderr
        assert "aerolith.log" in result.stderr
        assert cloud.command("status").returncode == 3
        doctor = cloud.command("doctor", "--json")
        assert doctor.returncode == 1
        failed = [check for check in json.loads(doctor.stdout)["checks"] if check["state"] == "failed"]
        assert [check["name"] for check in failed] == [f"address 127.0.0.1:{cloud.port}"]
        assert failed[0]["remedy"]
    assert cloud.command("up").returncode == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0"])
def test_doctor_knows_its_own_server(cloud: Server, host: str) -> None:
    try:
        socket.getaddrinfo(host, cloud.port)
    except OSError:
        pytest.skip(f"{host} doesn't resolve on this machine")
    cloud.settings = {"AEROLITH_LISTEN": f"{host}:{cloud.port}"}
    assert cloud.command("up").returncode == 0
    doctor = json.loads(cloud.command("doctor", "--json").stdout)
    assert doctor["fit"] is True
    own = next(check for check in doctor["checks"] if check["name"].startswith("address "))
    assert own["state"] == "ok"
    assert "this very server" in own["detail"]


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
        return True
    except OSError:
        return False


@pytest.mark.skipif(not has_ipv6(), reason="no IPv6 loopback here")
def test_listening_on_ipv6_alone(cloud: Server, tmp_path: Path) -> None:
    cloud.settings = {"AEROLITH_LISTEN": f"[::]:{cloud.port}"}
    assert cloud.command("up").returncode == 0
    shown = status(cloud)
    assert (shown["state"], shown["endpoint"]) == ("ready", f"http://[::1]:{cloud.port}")
    backup = cloud.command("backup", str(tmp_path / "backup"))
    assert backup.returncode == 0, backup.stderr


def test_a_store_that_is_gone_is_not_made_anew(cloud: Server, tmp_path: Path) -> None:
    assert cloud.command("up").returncode == 0
    body = b"x" * 300_000
    s3 = boto_client(cloud)
    s3.create_bucket(Bucket="kept")
    s3.put_object(Bucket="kept", Key="large", Body=body)
    assert cloud.command("down").returncode == 0
    objects, metadata, away = cloud.data_folder / "objects", cloud.data_folder / "metadata", tmp_path / "away"
    before = digests(objects)
    assert before
    metadata.rename(away)
    for _ in range(2):
        for command in (["serve"], ["up"], ["backup", str(tmp_path / "backup")]):
            result = cloud.command(*command, timeout_seconds=60)
            assert result.returncode == 1, command
            assert str(metadata) in result.stderr
            assert "mount it" in result.stderr
        assert list(metadata.glob("*")) == []
        assert digests(objects) == before
        assert not (tmp_path / "backup").exists()
        metadata.mkdir(exist_ok=True)  # the second time as a mount point without its mount
    doctor = json.loads(cloud.command("doctor", "--json").stdout)
    assert "installation" in [check["name"] for check in doctor["checks"] if check["state"] == "failed"]
    metadata.rmdir()
    away.rename(metadata)
    assert cloud.command("up").returncode == 0
    assert boto_client(cloud).get_object(Bucket="kept", Key="large")["Body"].read() == body


def test_port_zero_is_found_by_everybody(cloud: Server) -> None:
    cloud.settings = {"AEROLITH_LISTEN": "127.0.0.1:0"}
    assert cloud.command("up").returncode == 0
    endpoint = status(cloud)["endpoint"]
    assert re.fullmatch(r"http://127\.0\.0\.1:[1-9]\d*", endpoint)
    assert json.loads(cloud.command("env", "--json").stdout)["AWS_ENDPOINT_URL"] == endpoint
    assert f"endpoint_url = {endpoint}\n" in (cloud.home / ".aws/config").read_text()


def test_flags_of_up_reach_the_server(cloud: Server) -> None:
    result = cloud.command("up", "--region", "eu-west-1", "--aws-profile=false", "--tls=false", "--data-folder", "here")
    assert result.returncode == 0, result.stderr
    try:
        shown = json.loads(cloud.command("status", "--json", "--data-folder", "here").stdout)
        assert (shown["region"], shown["tls"]) == ("eu-west-1", False)
        assert not (cloud.home / ".aws").exists()
        variables = json.loads(cloud.command("env", "--json", "--data-folder", "here").stdout)
        assert variables["AWS_REGION"] == "eu-west-1"
        assert "AWS_CA_BUNDLE" not in variables
    finally:
        assert cloud.command("down", "--data-folder", "here").returncode == 0


def test_env_before_the_first_start(cloud: Server) -> None:
    result = cloud.command("env")
    assert result.returncode == 3
    assert result.stdout == ""
    assert "aerolith up" in result.stderr


def test_env_for_fish(cloud: Server) -> None:
    cloud.command("up")
    assert f"set -gx AWS_ENDPOINT_URL '{cloud.endpoint}';\n" in cloud.command("env", "--shell", "fish").stdout


def test_logs_follow(cloud: Server) -> None:
    cloud.command("up")
    tail = subprocess.Popen(
        [str(cloud.binary), "logs", "-f", "-n", "0"], env=cloud.environment(), stdout=subprocess.PIPE
    )
    os.set_blocking(tail.stdout.fileno(), False)
    seen = b""
    deadline = time.monotonic() + 20
    try:
        with (cloud.data_folder / "log/aerolith.log").open("a", buffering=1) as file:
            while b"a line from the test\n" not in seen:
                assert time.monotonic() < deadline, seen
                file.write("a line from the test\n")  # again and again: only what comes after its start is followed
                time.sleep(0.05)
                seen += tail.stdout.read() or b""
    finally:
        tail.kill()
        tail.wait()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("regoin = 'x'\n", ["config.toml:1", "`regoin`", "`region`"]),
        ("[http]\n\nhead_limit = 'big'\n", ["config.toml:3", "http.head_limit", "64KiB"]),
        ("[log\n", ["config.toml:1"]),
        ("region = 5\n", ["config.toml:1", "`region`", "string"]),
    ],
)
def test_configuration_errors_name_the_line(cloud: Server, text: str, said: list[str]) -> None:
    config = cloud.root / "config.toml"
    config.write_text(text)
    for command in ("serve", "up", "config", "status"):
        result = cloud.command(command, "--config", str(config))
        assert result.returncode == 2
        for part in said:
            assert part in result.stderr
    assert not cloud.data_folder.exists()


def test_the_configuration_page_is_the_program_s(cloud: Server) -> None:
    page = Path(__file__).resolve().parents[2] / "docs/guide/configuration.md"
    assert cloud.command("config", "--markdown").stdout == page.read_text()


def test_serve_stops_at_ctrl_c(cloud: Server) -> None:
    process = subprocess.Popen([str(cloud.binary), "serve"], env=cloud.environment(), stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if "Ready." in line:
            break
    process.send_signal(signal.SIGINT)
    process.stderr.read()
    assert process.wait(30) == 0
    assert not (cloud.data_folder / "run/state").exists()
