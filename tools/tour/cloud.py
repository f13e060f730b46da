"""The cloud of the tour: started and stopped as a user does it, with `aerolith up` and `aerolith down`."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tools.harness.clients import CommandLine
from tools.harness.server import Server
from tools.tour.report import Report, StepFailed


class Cloud:
    def __init__(self, root: Path, report: Report) -> None:
        # Not the default range: another installation may run on this host.
        self.server = Server(root, settings={"AEROLITH_EC2_PUBLIC_CIDR": "198.19.0.0/20"})
        self.report = report
        self.clients = CommandLine(self.server)

    def aerolith(self, *arguments: str) -> str:
        """A command of the binary; what it says goes to the log."""
        result = self.server.command(*arguments)
        self.report.log(f"$ aerolith {' '.join(arguments)}\n{result.stdout}{result.stderr}")
        if result.returncode != 0:
            raise StepFailed(f"aerolith {arguments[0]} ended with {result.returncode}: {result.stderr.strip()[-300:]}")
        return result.stdout

    def aws(self, *arguments: str, fails: bool = False) -> str:
        """The AWS CLI with the profile that `up` wrote. With `fails`, it must end with an error, which is answered."""
        result = self.clients.aws(*arguments, check=False, timeout_seconds=1800)
        self.report.log(f"$ aws {' '.join(arguments)}\n{result.stdout[-2000:]}{result.stderr[-4000:]}")
        if fails:
            if result.returncode == 0:
                raise StepFailed(f"aws {' '.join(arguments[:3])} should have failed")
            return result.stderr
        if result.returncode != 0:
            last = (result.stderr.strip().splitlines() or ["no message"])[-1]
            raise StepFailed(f"aws {' '.join(arguments[:2])}: {last}")
        return result.stdout

    def aws_digest(self, *arguments: str) -> tuple[str, int]:
        """SHA-256 and length of what the AWS CLI writes to standard output: no copy on disk."""
        command = [sys.executable, "-m", "awscli", *arguments]
        digest, size = hashlib.sha256(), 0
        with subprocess.Popen(
            command, env=self.clients.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            while block := process.stdout.read(1 << 20):
                digest.update(block)
                size += len(block)
        if process.returncode != 0:
            raise StepFailed(f"aws {' '.join(arguments[:2])} ended with {process.returncode}")
        return digest.hexdigest(), size

    def pid(self) -> int:
        return json.loads(self.aerolith("status", "--json"))["pid"]

    def kill(self) -> None:
        """kill -9, and waits until the process is gone."""
        pid = self.pid()
        os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + 10
        while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return
            time.sleep(0.01)

    def make_sure_it_is_down(self) -> None:
        """For the end of a tour that failed half way."""
        try:
            self.server.command("down", "--instances")
        except (OSError, subprocess.SubprocessError) as error:
            self.report.log(f"stopping: {error}")
