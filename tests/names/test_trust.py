"""`aerolith trust`, against a copy of this system's store that only the test sees."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tools.harness.clients import CommandLine
from tools.harness.isolated import Isolated
from tools.harness.server import Server, default_binary

STORE = ("/etc/ssl/certs", "/usr/local/share/ca-certificates")

pytestmark = pytest.mark.skipif(
    not Path("/usr/sbin/update-ca-certificates").exists(), reason="not a system like Debian with ca-certificates"
)


@pytest.fixture
def private(make_isolated: Callable[..., Isolated], make_server: Callable[..., Server]) -> Iterator[Server]:
    """Its server and its commands see the private store."""
    store = make_isolated(private_folders=STORE)
    server = make_server(start=False)
    server.binary = store.wrap(default_binary())
    server.start()
    yield server
    assert server.stop() == 0


def is_trusted(server: Server) -> bool:
    """By curl, which knows of no CA but the system's."""
    enter = server.binary.read_text().split("exec ")[1].split(str(default_binary()))[0].split()
    url = f"https://localhost:{server.port}/_aerolith/health"
    result = CommandLine(server).run(*enter, "curl", "--silent", "--max-time", "30", url, check=False)
    assert result.returncode in (0, 60), result.stderr
    return result.returncode == 0


def state_of(server: Server) -> str:
    return json.loads(server.command("trust", "status", "--json").stdout)["state"]


def test_install_and_remove(private: Server) -> None:
    assert (state_of(private), is_trusted(private)) == ("absent", False)
    for changed in (True, False):
        result = private.command("trust", "install", "--json")
        assert result.returncode == 0, result.stderr
        assert json.loads(result.stdout)["changed"] is changed
        assert (state_of(private), is_trusted(private)) == ("trusted", True)
    assert "trusts the local CA" in private.command("doctor").stdout
    for changed in (True, False):
        result = private.command("trust", "remove", "--json")
        assert result.returncode == 0, result.stderr
        assert json.loads(result.stdout)["changed"] is changed
        assert (state_of(private), is_trusted(private)) == ("absent", False)


def test_another_certificate_of_the_same_name_is_stale(private: Server) -> None:
    private.command("trust", "install")
    authority = private.ca_bundle
    private.stop()
    authority.unlink()
    (private.data_folder / "tls/server.pem").unlink()
    private.start()
    assert state_of(private) == "stale"
    assert private.command("trust", "install").returncode == 0
    assert (state_of(private), is_trusted(private)) == ("trusted", True)


def test_nothing_to_trust_yet(make_server: Callable[..., Server]) -> None:
    result = make_server(start=False).command("trust", "install")
    assert result.returncode == 1
    assert "aerolith up" in result.stderr


def test_needs_root_and_says_how(server: Server) -> None:
    """Nobody's own data folder, by nobody."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "data"
        (folder / "tls").mkdir(parents=True)
        shutil.copy(server.ca_bundle, folder / "tls/ca.pem")
        Path(name).chmod(0o755)
        binary = Path(name) / "aerolith"
        binary.write_bytes(default_binary().read_bytes())
        binary.chmod(0o755)
        somebody = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
        command = [str(binary), "trust", "install", "--data-folder", str(folder)]
        result = subprocess.run(command, capture_output=True, text=True, env={"HOME": name}, cwd=name, **somebody)
        assert result.returncode == 1
        assert f"sudo aerolith trust install --data-folder '{folder}'" in result.stderr
