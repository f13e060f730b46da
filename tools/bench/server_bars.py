"""Bars of the running server: start, idle memory, signed reads."""

from __future__ import annotations

import json
import os
import re
import signal
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from tools.bench.measure import Measurement, cpu_seconds, resident_bytes
from tools.harness.clients import boto_client
from tools.harness.server import Server
from tools.harness.signing import SignedRequest, Signer

STARTS = 10
CONNECTIONS = 64
SECONDS = 15


def start_to_ready() -> Measurement:
    """From the start of the process to the log line, on a fresh folder each time."""
    times = []
    for _ in range(STARTS):
        with tempfile.TemporaryDirectory(prefix="aerolith-bench-") as folder:
            server = Server(Path(folder))
            started = time.perf_counter()
            process = subprocess.Popen(
                [str(server.binary), "serve"],
                env=server.environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            assert process.stdout is not None
            ready = any(b"Ready." in line for line in process.stdout)
            times.append((time.perf_counter() - started) * 1000)
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            process.stdout.close()
            assert ready, "the server ended before it was ready"
    return Measurement(
        "start to Ready on a fresh folder, median of 10",
        statistics.median(times),
        "ms",
        100,
        details={"fastest": min(times), "slowest": max(times)},
    )


def idle_memory(server: Server) -> Measurement:
    time.sleep(5)
    return Measurement("resident memory when idle, 5 s after Ready", resident_bytes(server.pid) / (1 << 20), "MiB", 30)


def _lua(request: SignedRequest) -> str:
    """A wrk script that repeats one signed request: AWS takes it again for 15 minutes."""
    headers = "\n".join(f"wrk.headers[{json.dumps(n)}] = {json.dumps(v)}" for n, v in request.headers.items())
    body = f"wrk.body = {json.dumps(request.body.decode())}\n" if request.body else ""
    return f'wrk.method = "{request.method}"\n{headers}\n{body}'


def _milliseconds(text: str) -> float:
    match = re.fullmatch(r"([\d.]+)(us|ms|s)", text)
    assert match is not None, text
    return float(match[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[match[2]]


def run_wrk(server: Server, request: SignedRequest, seconds: int = SECONDS, warm_seconds: int = 2) -> dict[str, float]:
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(_lua(request))
        script.flush()
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", "--latency", "-s", script.name, server.endpoint + request.target]
        subprocess.run([*command[:1], f"-d{warm_seconds}s", *command[1:]], check=True, capture_output=True)
        before = cpu_seconds(server.pid)
        result = subprocess.run(
            [*command[:1], f"-d{seconds}s", *command[1:]], check=True, capture_output=True, text=True
        ).stdout
        used = cpu_seconds(server.pid) - before
    assert "Non-2xx" not in result, result
    assert "Socket errors" not in result, result
    requests = re.search(r"(\d+) requests in", result)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", result)
    assert requests is not None
    assert rate is not None
    percentiles = dict(re.findall(r"(50|99)%\s+(\S+)", result))
    return {
        "per_second": float(rate[1]),
        "per_cpu_second": int(requests[1]) / used,
        "p50_ms": _milliseconds(percentiles["50"]),
        "p99_ms": _milliseconds(percentiles["99"]),
        "server_cores_used": used / seconds,
    }


def signed_requests(server: Server) -> list[Measurement]:
    s3 = boto_client(server)
    s3.create_bucket(Bucket="bench")
    signer = Signer(server)
    listing = run_wrk(server, signer.sign("GET", "/"))
    measured = [
        Measurement(
            f"signed ListBuckets of 1, {CONNECTIONS} connections, per server core",
            listing["per_cpu_second"],
            "requests/s",
            20_000,
            higher_is_better=True,
            details=listing,
        )
    ]
    s3.put_object(Bucket="bench", Key="small", Body=b"x" * 4096)
    for name, request in (
        ("signed GET of 4 KiB", signer.sign("GET", "/bench/small")),
        ("signed durable PUT of 4 KiB, one key", signer.sign("PUT", "/bench/put", b"x" * 4096)),
    ):
        found = run_wrk(server, request)
        measured.append(
            Measurement(f"{name}, {CONNECTIONS} connections, generator on the same cores", found["per_second"],
                        "requests/s", higher_is_better=True, details=found)
        )  # fmt: skip
    return measured


def all_bars() -> list[Measurement]:
    measured = [start_to_ready()]
    with tempfile.TemporaryDirectory(prefix="aerolith-bench-") as folder:
        server = Server(Path(folder))
        try:
            server.start()
            measured.append(idle_memory(server))
            measured += signed_requests(server)
            server.stop()
        finally:
            server.kill()
    return measured
