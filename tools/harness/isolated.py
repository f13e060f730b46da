"""A network of its own with nothing but loopback, and a file system in which some files are others.

A process holds both namespaces; other programs enter them by `enter`. When the last one ends, the kernel takes the
namespaces away, and with them every mount: nothing is left to clean up, whatever happens.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from tools.harness.server import die_with_parent

# Runs inside: loopback up (SIOCSIFFLAGS with IFF_UP), the mounts, then it waits until its standard input ends.
_HOLDER = """
import fcntl, socket, struct, subprocess, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
    fcntl.ioctl(control, 0x8914, struct.pack("16sH22x", b"lo", 1))
for pair in sys.argv[1:]:
    source, target = pair.split("=")
    subprocess.run(["mount", "--bind", source, target], check=True)
print("ready", flush=True)
sys.stdin.read()
"""


class NoNamespaces(RuntimeError):
    """This machine, or this user, can't make namespaces."""


class Isolated:
    """`resolver`: the only name server inside, on port 53. `private_folders`: what is written there stays inside."""

    def __init__(self, root: Path, resolver: str | None = None, private_folders: tuple[str, ...] = ()) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.root = root
        self.is_root = os.geteuid() == 0
        mounts = {}
        for folder in private_folders:
            copy = root / folder.strip("/").replace("/", "-")
            shutil.copytree(folder, copy, symlinks=True)
            mounts[str(copy)] = folder
        files = {"/etc/nsswitch.conf": "hosts: files dns\n", "/etc/hosts": "127.0.0.1 localhost\n"}
        if resolver:
            files["/etc/resolv.conf"] = f"nameserver {resolver}\noptions timeout:5 attempts:1\n"
        for target, text in files.items():
            (root / Path(target).name).write_text(text)
            mounts[str(root / Path(target).name)] = target
        user = [] if self.is_root else ["--map-root-user"]
        command = ["unshare", *user, "--net", "--mount", sys.executable, "-c", _HOLDER]
        self._holder = subprocess.Popen(
            [*command, *(f"{source}={target}" for source, target in mounts.items())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=die_with_parent,
        )
        assert self._holder.stdout is not None and self._holder.stderr is not None
        if self._holder.stdout.readline() != "ready\n":
            reason = self._holder.stderr.read().strip()
            self.close()
            raise NoNamespaces(reason)

    @property
    def enter(self) -> list[str]:
        """What to put before a command."""
        user = [] if self.is_root else ["--user", "--preserve-credentials"]
        return ["nsenter", f"--target={self._holder.pid}", *user, "--net", "--mount"]

    def wrap(self, program: Path) -> Path:
        """A program that runs that one inside."""
        wrapper = self.root / f"{program.name}-inside"
        wrapper.write_text(f'#!/bin/sh\nexec {shlex.join(self.enter)} {shlex.quote(str(program))} "$@"\n')
        wrapper.chmod(0o755)
        return wrapper

    def close(self) -> None:
        if self._holder.poll() is None:
            self._holder.kill()
        self._holder.wait()
        for pipe in (self._holder.stdin, self._holder.stdout, self._holder.stderr):
            if pipe is not None:
                pipe.close()
