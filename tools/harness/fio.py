"""fio inside a guest: writes blocks with checksums to a device, and verifies them later, also when it is another guest's."""

from __future__ import annotations

from dataclasses import dataclass

from tools.harness.instances import Login

MIB = 1 << 20
BLOCK = 16 << 10


@dataclass(frozen=True)
class Stretch:
    """What one run wrote: each block of it once, in an order that comes from the seed, and full of one byte, which tells it
    from what other runs wrote there: of that fio 3.33 says nothing, for all their checksums are right."""

    seed: int
    at_mib: int
    mib: int = 16

    @property
    def byte(self) -> int:
        return self.seed % 255 + 1

    @property
    def least_bytes(self) -> int:
        """That are this one, of all that were written: each block has a head of less than 128."""
        return self.mib * MIB - self.mib * MIB // BLOCK * 128


@dataclass(frozen=True)
class Fio:
    shell: Login
    command: str  # that runs fio there

    def _words(self, device: str, what: Stretch, *more: str) -> str:
        words = [f"--name=blocks --filename={device} --offset={what.at_mib}m --size={what.mib}m --bs={BLOCK}"]
        words += ["--rw=randwrite --ioengine=psync --direct=1 --thread --verify_state_save=0 --verify_fatal=1"]
        words += [f"--verify=crc32c --verify_pattern=0x{what.byte:02x} --randseed={what.seed}", *more]
        return f"cd /tmp && {self.command} {' '.join(words)} 2>&1"

    def _verifying(self, device: str, what: Stretch) -> str:
        count = (
            f"dd if={device} bs=1M skip={what.at_mib} count={what.mib} 2>/dev/null | tr -dc '\\{what.byte:03o}' | wc -c"
        )
        return f"({self._words(device, what, '--verify_only=1')}) && test $({count}) -ge {what.least_bytes}"

    def write(self, device: str, what: Stretch) -> None:
        self.shell.run(self._words(device, what, "--do_verify=0", "--end_fsync=1"), 300)

    def finds(self, device: str, what: Stretch) -> bool:
        return self.shell.attempt(self._verifying(device, what), 300).returncode == 0

    def verify(self, device: str, *all_of_it: Stretch) -> None:
        for each in all_of_it:
            self.shell.run(self._verifying(device, each), 300)
