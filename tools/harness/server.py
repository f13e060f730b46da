"""A real Aerolith server as a child process: fresh folders, a free port, stopped whatever happens."""

from __future__ import annotations

import configparser
import ctypes
import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PROFILE = "aerolith"


class ServerFailed(RuntimeError):
    """The server didn't start, or died. The message carries the end of its log."""


@dataclass(frozen=True)
class Credentials:
    access_key: str
    secret_key: str
    region: str


def default_binary() -> Path:
    return Path(os.environ.get("AEROLITH_BINARY", REPOSITORY / "build/release/aerolith"))


def free_port() -> int:
    """A port nobody listens on now. Below the ephemeral range's reach only by chance: bind errors are loud."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def clean_environment(home: Path) -> dict[str, str]:
    """This process's environment without anything that would steer an AWS client or the server."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "AEROLITH_", "S3CMD", "RCLONE_"))}
    kept.update(HOME=str(home), LC_ALL="C.UTF-8", NO_PROXY="*", no_proxy="*")
    kept.pop("XDG_CONFIG_HOME", None)
    return kept


def die_with_parent() -> None:
    """Runs in the child: a test run that is killed leaves no server behind (PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Server:
    """One installation under `root`: root/home, root/data, root/server.log.

    start() and stop() may alternate; the port and the data stay. kill() is a power cut for the process.
    """

    def __init__(self, root: Path, binary: Path | None = None, settings: dict[str, str] | None = None) -> None:
        self.binary = binary or default_binary()
        self.root = root
        self.home = root / "home"
        self.data_folder = root / "data"
        self.log_path = root / "server.log"
        self.port = free_port()
        self.settings = settings or {}
        self.process: subprocess.Popen[bytes] | None = None
        self.home.mkdir(parents=True, exist_ok=True)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        """What the server and every other command of the binary run with."""
        environment = clean_environment(self.home)
        environment.update(
            AEROLITH_DATA_FOLDER=str(self.data_folder),
            AEROLITH_LISTEN=f"127.0.0.1:{self.port}",
            ASAN_OPTIONS="detect_leaks=0:abort_on_error=0:exitcode=99",
            UBSAN_OPTIONS="print_stacktrace=1",
        )
        environment.update(self.settings)
        return environment

    def launch(self) -> None:
        """Starts the process without waiting until it is ready."""
        assert self.process is None, "already running"
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [str(self.binary), "serve"],
                env=self.environment(),
                cwd=self.root,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )

    def start(self, timeout_seconds: float = 60) -> Server:
        seen = self.log_path.stat().st_size if self.log_path.exists() else 0
        self.launch()
        assert self.process is not None
        deadline = time.monotonic() + timeout_seconds
        while "Ready." not in self.log(seen):
            if self.process.poll() is not None:
                code, self.process = self.process.returncode, None
                raise ServerFailed(f"the server ended with {code} before it was ready:\n{self.log(seen)[-4000:]}")
            if time.monotonic() > deadline:
                self.kill()
                raise ServerFailed(f"not ready after {timeout_seconds} s:\n{self.log(seen)[-4000:]}")
            time.sleep(0.005)
        return self

    def stop(self, timeout_seconds: float = 60) -> int:
        """SIGTERM; answers the exit code. A server that doesn't end in time is killed and reported."""
        if self.process is None:
            return 0
        process, self.process = self.process, None
        process.terminate()
        try:
            return process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise ServerFailed(f"still running {timeout_seconds} s after SIGTERM:\n{self.log()[-4000:]}") from None

    def kill(self) -> None:
        if self.process is None:
            return
        process, self.process = self.process, None
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()

    def wait_until_killed(self, timeout_seconds: float) -> None:
        """Until the process has ended by SIGKILL, whoever sent it."""
        assert self.process is not None, "not running"
        try:
            code = self.process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            raise ServerFailed(f"not killed within {timeout_seconds} s:\n{self.log()[-4000:]}") from None
        self.process = None
        assert code == -signal.SIGKILL, f"ended with {code}:\n{self.log()[-4000:]}"

    @property
    def pid(self) -> int:
        assert self.process is not None, "not running"
        return self.process.pid

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def log(self, offset: int = 0) -> str:
        if not self.log_path.exists():
            return ""
        with self.log_path.open("rb") as log:
            log.seek(offset)
            return log.read().decode(errors="replace")

    def command(self, *arguments: str, timeout_seconds: float = 120) -> subprocess.CompletedProcess[str]:
        """Another command of the binary, on this installation."""
        return subprocess.run(
            [str(self.binary), *arguments],
            env=self.environment(),
            cwd=self.root,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_seconds,
        )

    def credentials(self) -> Credentials:
        """From the profile that the first start wrote for AWS clients."""
        secrets = configparser.ConfigParser(interpolation=None)
        secrets.read(self.home / ".aws/credentials")
        config = configparser.ConfigParser(interpolation=None)
        config.read(self.home / ".aws/config")
        profile = dict(config[f"profile {PROFILE}"]) if config.has_section(f"profile {PROFILE}") else {}
        if secrets.has_section(PROFILE):
            profile.update(secrets[PROFILE])
        try:
            return Credentials(profile["aws_access_key_id"], profile["aws_secret_access_key"], profile["region"])
        except KeyError as missing:
            raise ServerFailed(f"the profile {PROFILE} lacks {missing}") from None

    @property
    def ca_bundle(self) -> Path:
        return self.data_folder / "tls/ca.pem"
