"""A writer in a guest whose writes have an order, and whether what is found of them later is one moment of it.

The writer flushes each generation before it writes the next (ordered_writer.c). So what a crash, a power cut or a snapshot
leaves must be all up to one generation, and nothing behind it but a piece of the next.
"""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path

from tools.harness.instances import Login, wait_for

SOURCE = Path(__file__).with_name("ordered_writer.c")
PROGRAM = "/tmp/ordered-writer"
SLOTS, STRIDE, LEAP = 211, 4 << 20, 37  # over 844 MiB

Place = tuple[int, int]  # which device, which slot
Found = dict[Place, tuple[int, int]]  # the lowest and the highest generation of a slot's sectors


def build(folder: Path) -> Path:
    """Runs in every guest: it needs no library."""
    program = folder / "ordered-writer"
    flags = ["-static", "-O1", "-std=gnu17", "-Wall", "-Wextra", "-Werror"]
    made = subprocess.run(["cc", *flags, "-o", str(program), str(SOURCE)], capture_output=True, text=True, timeout=60)
    assert made.returncode == 0, made.stderr
    return program


def carry(shell: Login, program: Path) -> None:
    shell.send(program, f"cat >{PROGRAM} && chmod 755 {PROGRAM}")


def place_of(generation: int, devices: int) -> Place:
    return generation % devices, generation // devices * LEAP % SLOTS


def state_after(generation: int, devices: int) -> dict[Place, int]:
    """The newest generation of each slot; 0: none."""
    state = {(device, slot): 0 for device in range(devices) for slot in range(SLOTS)}
    for each in range(max(1, generation - devices * SLOTS + 1), generation + 1):
        state[place_of(each, devices)] = each
    return state


def moment_of(found: Found, devices: int = 1) -> int:
    """The generation up to which all is there, and behind which nothing is."""
    newest = max(highest for _, highest in found.values())
    torn = {place for place, (lowest, highest) in found.items() if lowest != highest}
    assert torn <= {place_of(newest, devices)}, f"torn, and not the newest one: {torn}"
    last = newest - 1 if torn else newest
    wanted = state_after(last, devices)
    wrong = {place: (seen, wanted[place]) for place, (seen, _) in found.items() if seen != wanted[place]}
    assert not wrong, f"{len(wrong)} slots aren't of the moment {last} (device, slot: found, wanted): {wrong}"
    return last


def look(shell: Login, devices: Sequence[str], seconds: float = 120) -> Found:
    said = shell.run(f"{PROGRAM} read {SLOTS} {STRIDE} {' '.join(devices)}", seconds)
    rows = [[int(word) for word in line.split()] for line in said.splitlines()]
    return {(device, slot): (lowest, highest) for device, slot, lowest, highest in rows}


def fill(shell: Login, device: str, first: int, pieces: int, seconds: float = 120) -> tuple[int, int, int]:
    """Pieces of 1 MiB, each flushed, until one fails: how many, the error's number, seconds."""
    done, error, took = shell.run(f"{PROGRAM} fill {first} {pieces} {device}", seconds).split()
    return int(done), int(error), int(took)


def punch(shell: Login, device: str, at: int, length: int) -> tuple[int, int]:
    """A hole of that many bytes: the error's number, and how many of them aren't zeros afterwards."""
    error, others = shell.run(f"{PROGRAM} punch {at} {length} {device}").split()
    return int(error), int(others)


class Writing:
    """Goes on in the guest from `first` on until it is stopped, or something there fails."""

    def __init__(self, shell: Login, devices: Sequence[str], first: int = 1) -> None:
        self.newest = first - 1  # that the guest was told to be flushed
        self._shell = shell
        command = f"echo $$; exec {PROGRAM} write {SLOTS} {STRIDE} {first} {' '.join(devices)}"
        self._ssh = subprocess.Popen(
            shell.arguments(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._ssh.stdout is not None
        self._process = int(self._ssh.stdout.readline() or 0)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._ssh.stdout is not None
        for line in self._ssh.stdout:
            if line.endswith("\n"):
                self.newest = int(line)

    def wait_until(self, generation: int, seconds: float = 120) -> None:
        wait_for(f"generation {generation}", lambda: self.newest >= generation or not self._reader.is_alive(), seconds)
        assert self.newest >= generation, f"the writer ended at {self.newest}"

    def wait_more(self, generations: int, seconds: float = 120) -> None:
        self.wait_until(self.newest + generations, seconds)

    def stop(self) -> int:
        """Answers the newest generation that was flushed, as far as was told."""
        if self._reader.is_alive() and self._process:
            self._shell.attempt(f"kill {self._process}")
            self._reader.join(10)
        return self.drop()

    def drop(self) -> int:
        """The same where the guest is gone."""
        self._ssh.kill()
        self._reader.join(10)
        self._ssh.wait()
        for pipe in (self._ssh.stdout, self._ssh.stderr):
            if pipe is not None:
                pipe.close()
        return self.newest
