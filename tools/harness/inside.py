"""Programs of this host in an instance's network, with its resolver: what they see is what a program in the guest sees.
The image tiny has no Python."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tools.harness.instances import mark_of
from tools.harness.server import Server, clean_environment


class Inside:
    """`folder` is empty, and the home of what runs."""

    def __init__(self, server: Server, instance: str, folder: Path) -> None:
        self.server = server
        self.folder = folder
        self.namespace = f"/run/netns/aerolith-{mark_of(server)}-{instance}"
        (folder / "resolv.conf").write_text("nameserver 169.254.169.253\noptions timeout:5 attempts:1\n")
        (folder / "nsswitch.conf").write_text("hosts: files dns\n")

    def python(self, code: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Runs it with the Python of these tests, which has boto3, and the installation's CA."""
        files = ("resolv.conf", "nsswitch.conf")
        mounts = "; ".join(f"mount --bind {self.folder}/{file} /etc/{file}" for file in files)
        return subprocess.run(
            ["nsenter", f"--net={self.namespace}", "unshare", "--mount", "sh", "-ec", f'{mounts}; exec "$@"', "sh"]
            + [sys.executable, "-c", code, *words],
            env=clean_environment(self.folder) | {"AWS_CA_BUNDLE": str(self.server.ca_bundle)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )
