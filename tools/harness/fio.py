"""fio inside a guest: writes blocks with checksums to a device, and verifies them later, also when it is another guest's."""

from __future__ import annotations

from dataclasses import dataclass

from tools.harness.instances import Login

MIB = 1 << 20


@dataclass(frozen=True)
class Stretch:
    """What one run wrote: each block of it once, in an order and with contents that come from the seed. Blocks of another
    seed, written before or behind it, don't verify."""

    seed: int
    at_mib: int
    mib: int = 16


@dataclass(frozen=True)
class Fio:
    shell: Login
    command: str  # that runs fio there

    def _run(self, device: str, what: Stretch, *more: str) -> str:
        words = [
            f"--name=blocks --filename={device} --offset={what.at_mib}m --size={what.mib}m --bs=16k --rw=randwrite"
        ]
        words += ["--ioengine=psync --direct=1 --verify=crc32c --verify_fatal=1 --verify_state_save=0"]
        words += [f"--randseed={what.seed} --thread", *more]
        return f"cd /tmp && {self.command} {' '.join(words)} 2>&1"

    def write(self, device: str, what: Stretch) -> None:
        self.shell.run(self._run(device, what, "--do_verify=0", "--end_fsync=1"), 300)

    def finds(self, device: str, what: Stretch) -> bool:
        return self.shell.attempt(self._run(device, what, "--verify_only=1"), 300).returncode == 0

    def verify(self, device: str, *all_of_it: Stretch) -> None:
        for each in all_of_it:
            self.shell.run(self._run(device, each, "--verify_only=1"), 300)
