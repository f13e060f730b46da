"""A server under measurement: how it is started, stopped, watched. One at a time, on loopback, in a fresh folder."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from tools.bench.measure import cpu_seconds, resident_bytes
from tools.harness.server import Server, clean_environment, default_binary, die_with_parent, free_port

ACCESS_KEY = "AKIABENCHBENCHBENCH0"
SECRET_KEY = "benchbenchbenchbenchbenchbenchbenchbench"
REGION = "us-east-1"


class NotAvailable(RuntimeError):
    """This server can't be measured here. The message is the reason for the table."""


def process_tree(pid: int) -> list[int]:
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = task.read_text().split()
        except OSError:  # ended meanwhile
            continue
        for child in children:
            found += process_tree(int(child))
    return found


class Subject:
    """Base of all. A subclass says how its server is started."""

    name = ""
    title = ""
    syncs = ""  # how it is set up, and what it syncs before it answers a PUT by its own word
    serves_files = False
    bucket = "bench"

    def __init__(self, root: Path) -> None:
        self.root = root
        self.data_folder = root / "data"
        self.data_folder.mkdir(parents=True)
        self.port = free_port()

    def start(self) -> None:
        raise NotImplementedError

    def stop(self) -> None:
        raise NotImplementedError

    @property
    def pid(self) -> int:
        raise NotImplementedError

    def version(self) -> str:
        raise NotImplementedError

    def credential_variables(self) -> dict[str, str]:
        return {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY, "AWS_REGION": REGION}

    def client(self, read_timeout_seconds: int = 300) -> Any:
        keys = self.credential_variables()
        return boto3.session.Session().client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{self.port}",
            region_name=keys["AWS_REGION"],
            aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
            config=Config(
                retries={"total_max_attempts": 1},
                s3={"addressing_style": "path"},
                read_timeout=read_timeout_seconds,
            ),
        )

    def make_bucket(self) -> None:
        """Ready to write when it returns. Some servers listen long before: tried for a while."""
        deadline = time.monotonic() + 60
        while True:
            try:
                client = self.client(30)
                client.create_bucket(Bucket=self.bucket)
                client.put_object(Bucket=self.bucket, Key="probe", Body=b"probe")
                client.delete_object(Bucket=self.bucket, Key="probe")
                return
            except Exception as failure:
                if time.monotonic() > deadline:
                    raise NotAvailable(f"it can't make a bucket: {failure}") from failure
                time.sleep(0.5)

    def cpu_seconds(self) -> float:
        return sum(cpu_seconds(pid) for pid in process_tree(self.pid))

    def resident_bytes(self) -> int:
        return sum(resident_bytes(pid) for pid in process_tree(self.pid))

    def disk_bytes(self) -> int:
        """As the file system counts blocks. Files may vanish meanwhile."""
        total = 0
        for folder, _, names in os.walk(self.data_folder):
            for name in names:
                try:
                    total += os.lstat(os.path.join(folder, name)).st_blocks * 512
                except FileNotFoundError:
                    pass
        return total

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.root, ignore_errors=True)


class Aerolith(Subject):
    name = "aerolith"
    title = "Aerolith"
    syncs = "defaults (there is no other mode): syncs bytes and record; one sync serves many writers"

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        if not default_binary().exists():
            raise NotAvailable(f"no binary at {default_binary()}: build it, or set AEROLITH_BINARY")
        self.server = Server(root)
        self.port = self.server.port

    def start(self) -> None:
        self.server.start()

    def stop(self) -> None:
        self.server.kill()

    @property
    def pid(self) -> int:
        return self.server.pid

    def version(self) -> str:
        return subprocess.run(
            [str(self.server.binary), "version"], capture_output=True, text=True, check=True
        ).stdout.split("\n")[0].removeprefix("aerolith ")  # fmt: skip

    def credential_variables(self) -> dict[str, str]:
        keys = self.server.credentials()
        return {
            "AWS_ACCESS_KEY_ID": keys.access_key,
            "AWS_SECRET_ACCESS_KEY": keys.secret_key,
            "AWS_REGION": keys.region,
        }


class Program(Subject):
    """A peer: one command in the foreground."""

    def command(self) -> list[str]:
        raise NotImplementedError

    def variables(self) -> dict[str, str]:
        return {}

    def start(self) -> None:
        home = self.root / "home"
        home.mkdir(exist_ok=True)
        self.log = self.root / "server.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command(),
                env=clean_environment(home) | self.variables(),
                cwd=self.root,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
        self._wait_until_it_answers()

    def _wait_until_it_answers(self, timeout_seconds: float = 60) -> None:
        deadline = time.monotonic() + timeout_seconds
        while True:
            if self.process.poll() is not None:
                raise NotAvailable(f"it ended with {self.process.returncode} at its start: {self._log_end()}")
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=2).close()
                return
            except urllib.error.HTTPError:
                return
            except OSError:
                if time.monotonic() > deadline:
                    raise NotAvailable(
                        f"no answer {timeout_seconds:.0f} s after its start: {self._log_end()}"
                    ) from None
                time.sleep(0.1)

    def _log_end(self) -> str:
        return " ".join(self.log.read_text(errors="replace").split())[-300:]

    @property
    def pid(self) -> int:
        return self.process.pid

    def stop(self) -> None:
        if not hasattr(self, "process"):
            return
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)  # and what it left behind
        except ProcessLookupError:
            pass
        self.process.wait()
