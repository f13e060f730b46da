"""Kills of the server at named steps (src/base/step.h), and all that an installation has on the host."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from botocore.exceptions import BotoCoreError

from tools.harness.instances import mark_of
from tools.harness.server import Server, ServerFailed

T = TypeVar("T")


@dataclass(frozen=True)
class Step:
    name: str
    time: int = 1  # at which passing of it

    def __str__(self) -> str:
        return f"{self.name}:{self.time}"


class Steps:
    """Of a server that runs with AEROLITH_STEPS=`folder`."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server = server
        self.folder = folder
        folder.mkdir(exist_ok=True)
        server.settings["AEROLITH_STEPS"] = str(folder)

    def record(self, work: Callable[[], object]) -> list[Step]:
        """What `work` passes, in order, each passing of it."""
        passed = self.folder / "passed"
        self._wait_until_quiet(passed)
        passed.unlink(missing_ok=True)
        work()
        self._wait_until_quiet(passed)
        times: dict[str, int] = {}
        steps = []
        for name in passed.read_text().split():
            times[name] = times.get(name, 0) + 1
            steps.append(Step(name, times[name]))
        return steps

    @staticmethod
    def _wait_until_quiet(passed: Path) -> None:
        """What follows an answer in the background belongs to it."""
        seen, quiet = -1, 0
        while quiet < 5:
            size = passed.stat().st_size if passed.exists() else 0
            quiet = quiet + 1 if size == seen else 0
            seen = size
            time.sleep(0.1)

    def kill_at(self, step: Step, call: Callable[[], T]) -> T | None:
        """The answer of `call`, if there was one before the server died at that step; the next server runs then."""
        armed = self.folder / "kill-at"
        half_done = self.folder / "kill-at.new"
        half_done.write_text(f"{step.name} {step.time}\n")
        half_done.rename(armed)
        answer = None
        try:
            answer = call()
        except BotoCoreError:  # no answer came
            assert not armed.exists(), f"no answer, and {step} wasn't passed"
        try:
            self.server.wait_until_killed(90)  # a guest that doesn't end is waited for a minute
        except ServerFailed as alive:
            raise ServerFailed(f"{step} wasn't passed: {alive}") from None
        finally:
            armed.unlink(missing_ok=True)
        self.server.start()
        return answer


def once(steps: list[Step]) -> list[Step]:
    return [step for step in steps if step.time == 1]


def _read(path: Path) -> str:
    try:
        return path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:  # gone by now
        return ""


def _processes(mark: str) -> Iterator[str]:
    words = (f"/run/aerolith/{mark}/", f"aerolith-{mark}-", f"/aerolith-{mark}/")
    for folder in Path("/proc").glob("[0-9]*"):
        line, groups = _read(folder / "cmdline"), _read(folder / "cgroup")
        # One that has ended and waits for whoever took it over.
        is_over = _read(folder / "stat").rpartition(")")[2].split()[:1] in ([], ["Z"])
        if not is_over and any(word in line or word in groups for word in words):
            yield f"process {folder.name} {line[:200]}"


def _files(folder: Path) -> Iterator[str]:
    for path in folder.glob("**/*"):
        is_the_hosts = path.parent.name == "vm" and path.name.startswith("kvm")
        # What was switched on the host: that depends on who else runs there.
        is_the_hosts |= path.parts[-2:] == ("network", "forwarding")
        if not is_the_hosts and (not path.is_dir() or path.name.startswith("i-")):
            yield f"file {path}"


def things_of(server: Server) -> list[str]:
    """Processes, mounts, loop devices, namespaces, devices, rules, control groups and files, a line each."""
    mark = mark_of(server)
    found = list(_processes(mark))
    found += [f"mount {line}" for line in _read(Path("/proc/self/mounts")).splitlines() if mark in line]
    for backing in Path("/sys/block").glob("loop*/loop/backing_file"):
        if f"/run/aerolith/{mark}/" in _read(backing):
            found.append(f"loop {backing.parts[3]} {_read(backing).strip()}")
    found += [f"namespace {path.name}" for path in Path("/run/netns").glob(f"*{mark}*")]
    found += [f"device {path.name}" for path in Path("/sys/class/net").glob(f"*{mark}*")]
    listed = subprocess.run(["nft", "-j", "list", "tables"], capture_output=True, text=True, check=True).stdout
    for each in json.loads(listed)["nftables"]:
        if mark in each.get("table", {}).get("name", ""):
            found.append(f"table {each['table']['name']}")
    groups = Path("/sys/fs/cgroup")
    found += [f"cgroup {path}" for form in (f"aerolith-{mark}", f"*/aerolith-{mark}") for path in groups.glob(form)]
    found += list(_files(Path("/run/aerolith", mark)))
    found += [f"volume {path.name}" for path in (server.data_folder / "blocks/volumes").iterdir()]
    found += [f"import {path.name}" for path in (server.data_folder / "blocks/imports").glob("*")]
    return sorted(found)


def left_after(server: Server, before: list[str], seconds: float = 30) -> list[str]:
    """What came since `before`, or went, once it is nothing or the time is over."""
    deadline = time.monotonic() + seconds
    while True:
        now = things_of(server)
        changes = [f"new: {each}" for each in now if each not in before]
        changes += [f"gone: {each}" for each in before if each not in now]
        if not changes or time.monotonic() > deadline:
            return changes
        time.sleep(0.1)
