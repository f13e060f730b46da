"""The commands a person types: up, down, status, env, doctor, logs, config, version, completion, help."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tools.harness.clients import CommandLine
from tools.harness.server import Server, clean_environment

COMMANDS = (
    *("serve", "up", "down", "status", "env", "trust", "doctor", "logs", "version"),
    *("backup", "restore", "completion"),
)


@pytest.fixture
def cloud(make_server: Callable[..., Server]) -> Iterator[Server]:
    """Not started; stopped by `down` at the end."""
    own = make_server(start=False)
    yield own
    own.command("down")


def has_ended(pid: int) -> bool:
    """Gone, or a zombie that the machine's init hasn't collected yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_up_status_down(cloud: Server) -> None:
    assert cloud.command("status").returncode == 3
    up = cloud.command("up")
    assert up.returncode == 0, up.stderr
    assert str(cloud.port) in up.stdout
    status = json.loads(cloud.command("status", "--json").stdout)
    assert (status["running"], status["state"]) == (True, "ready")
    assert status["endpoint"] == cloud.endpoint
    assert CommandLine(cloud).aws("s3", "ls").stdout == ""
    assert cloud.command("down").returncode == 0
    assert cloud.command("status").returncode == 3
    assert has_ended(status["pid"])


def test_up_twice_is_one_server(cloud: Server) -> None:
    cloud.command("up")
    first = json.loads(cloud.command("status", "--json").stdout)["pid"]
    assert cloud.command("up").returncode == 0
    assert json.loads(cloud.command("status", "--json").stdout)["pid"] == first


def test_down_twice(cloud: Server) -> None:
    cloud.command("up")
    assert cloud.command("down").returncode == 0
    again = cloud.command("down")
    assert again.returncode == 0
    assert "isn't running" in again.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_down_ends_instances_of_who_isn_t_root() -> None:
    """Whose place on the host isn't root's /run/aerolith, which he may not read."""
    roots = Path("/run/aerolith")
    was_there = roots.exists()
    roots.mkdir(mode=0o700, exist_ok=True)
    nobody = 65534
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        own = Server(Path(folder))
        for path in (Path(folder), own.home):
            os.chown(path, nobody, nobody)

        def run(*arguments: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                [str(own.binary), *arguments],
                env=own.environment(),
                cwd=folder,
                user=nobody,
                group=nobody,
                extra_groups=[],
                capture_output=True,
                text=True,
                timeout=120,
            )

        try:
            run("version")
        except PermissionError:
            pytest.skip("nobody may not run the program where it lies")
        up = run("up")
        assert up.returncode == 0, up.stderr
        down = run("down", "--instances")
        assert down.returncode == 0, down.stderr
        is_closed = not roots.stat().st_mode & stat.S_IXOTH
        assert ("can't be read" if is_closed else "have ended") in down.stdout
        assert run("down", "--instances").returncode == 0
    if not was_there:
        with suppress(OSError):  # another server's by now
            roots.rmdir()


def test_two_servers_don_t_share_a_folder(cloud: Server) -> None:
    cloud.command("up")
    result = cloud.command("serve", timeout_seconds=20)
    assert result.returncode not in (0, None)


def test_logs(cloud: Server) -> None:
    cloud.command("up")
    assert "Ready." in cloud.command("logs").stdout
    assert len(cloud.command("logs", "-n", "1").stdout.splitlines()) == 1


def test_env_is_for_eval(cloud: Server) -> None:
    cloud.command("up")
    script = f'eval "$({cloud.binary} env)"; env'
    environment = cloud.environment() | {"AWS_PROFILE": "other", "AWS_SESSION_TOKEN": "stale"}
    shown = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True, check=True).stdout
    found = dict(line.split("=", 1) for line in shown.splitlines() if line.startswith("AWS_"))
    credentials = cloud.credentials()
    assert found["AWS_ENDPOINT_URL"] == cloud.endpoint
    assert found["AWS_ACCESS_KEY_ID"] == credentials.access_key
    assert found["AWS_SECRET_ACCESS_KEY"] == credentials.secret_key
    assert found["AWS_REGION"] == credentials.region
    assert found["AWS_CA_BUNDLE"] == str(cloud.ca_bundle)
    assert "AWS_PROFILE" not in found
    assert "AWS_SESSION_TOKEN" not in found
    client = CommandLine(cloud)
    client.environment = clean_environment(cloud.root / "elsewhere") | found
    assert client.aws("s3", "ls").returncode == 0


@pytest.mark.parametrize("own", ["", "/etc/company-ca.pem"])
def test_env_leaves_another_ca_of_node_alone(cloud: Server, own: str) -> None:
    cloud.command("up")
    cloud.settings["NODE_EXTRA_CA_CERTS"] = own
    variables = json.loads(cloud.command("env", "--json").stdout)
    assert variables.get("NODE_EXTRA_CA_CERTS") == (None if own else str(cloud.ca_bundle))


def test_secrets_are_their_owner_s_only(cloud: Server) -> None:
    cloud.command("up")
    assert stat.S_IMODE((cloud.home / ".aws/credentials").stat().st_mode) == 0o600
    assert stat.S_IMODE(cloud.data_folder.stat().st_mode) == 0o700
    secret = cloud.credentials().secret_key.encode()
    for path in cloud.data_folder.rglob("*"):
        if path.is_file():
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0 or path.suffix == ".pem", path
            assert secret not in path.read_bytes(), path


def test_other_profiles_stay_as_they_were(cloud: Server) -> None:
    folder = cloud.home / ".aws"
    folder.mkdir(parents=True)
    (folder / "config").write_text("# mine\n[default]\nregion = eu-west-1\n")
    (folder / "credentials").write_text("[default]\naws_access_key_id = A\naws_secret_access_key = B\n")
    cloud.command("up")
    assert "# mine\n[default]\nregion = eu-west-1\n" in (folder / "config").read_text()
    assert "[default]\naws_access_key_id = A\naws_secret_access_key = B\n" in (folder / "credentials").read_text()


def test_doctor(cloud: Server) -> None:
    result = cloud.command("doctor", "--json")
    answer = json.loads(result.stdout)
    assert result.returncode == 0, answer
    assert answer["fit"] is True
    checks = {check["name"]: check for check in answer["checks"]}
    address = f"address 127.0.0.1:{cloud.port}"
    expected = ["data folder", "disk space", "installation", address, "open files", "clock", "names"]
    assert list(checks) == [*expected, "containers", "virtual machines", "aws CLI", "AWS profile"]
    assert checks[address]["detail"] == "free"
    for check in checks.values():
        assert check["state"] in ("ok", "warning")
        assert check["detail"]
        assert bool(check["remedy"]) == (check["state"] != "ok"), check
    text = cloud.command("doctor")
    assert text.returncode == 0
    assert text.stdout.endswith("This machine can run Aerolith.\n")
    assert all(name in text.stdout for name in checks)
    assert not cloud.data_folder.exists()
    assert not (cloud.home / ".aws").exists()


def test_doctor_without_a_path(cloud: Server) -> None:
    """As a service's or a cron job's environment is: what stands where the system keeps it is found all the same."""

    def look(**changed: str) -> dict[str, dict[str, str]]:
        environment = cloud.environment() | changed
        done = subprocess.run([str(cloud.binary), "doctor", "--json"], env=environment, capture_output=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return {check["name"]: check for check in json.loads(done.stdout)["checks"]}

    full, stripped = look(), look(PATH="/nonexistent")
    assert list(stripped) == list(full)
    for name in ("containers", "virtual machines"):
        assert stripped[name] == full[name]
    assert stripped["aws CLI"]["state"] == "warning" and "not on the PATH" in stripped["aws CLI"]["detail"]


@pytest.mark.skipif(os.geteuid() != 0, reason="hides a program in a mount namespace, which needs root")
def test_doctor_names_what_lacks_and_what_mends_it(cloud: Server) -> None:
    hidden = shutil.which("runc")
    if hidden is None:
        pytest.skip("runc is missing anyway")
    script = f'mount --bind /dev/null {hidden} && exec "$0" doctor --json'
    command = ["unshare", "--mount", "sh", "-c", script, str(cloud.binary)]
    done = subprocess.run(command, env=cloud.environment(), capture_output=True, timeout=60)
    checks = [check for check in json.loads(done.stdout)["checks"] if check["name"] == "containers"]
    assert ("warning", "runc is missing", "apt-get install runc") in [
        (check["state"], check["detail"], check["remedy"]) for check in checks
    ]


def test_doctor_tells_kvm_or_emulation(cloud: Server) -> None:
    checks = json.loads(cloud.command("doctor", "--json").stdout)["checks"]
    machines = next(check for check in checks if check["name"] == "virtual machines")
    if machines["state"] == "ok":
        assert "KVM" in machines["detail"] or "emulated" in machines["detail"]


def test_doctor_looks_into_the_profile(cloud: Server) -> None:
    def look() -> tuple[str, str]:
        checks = json.loads(cloud.command("doctor", "--json").stdout)["checks"]
        found = next(check for check in checks if check["name"] == "AWS profile")
        return found["state"], found["detail"]

    cloud.command("up")
    assert look()[0] == "ok"
    config = cloud.home / ".aws/config"
    written = config.read_text()
    config.write_text(written.replace(cloud.endpoint, "http://127.0.0.1:1"))
    state, detail = look()
    assert state == "warning"
    assert "another server or setting" in detail
    config.write_text("")
    state, detail = look()
    assert state == "warning"
    assert "is missing" in detail
    cloud.command("down")
    cloud.command("up")
    assert config.read_text() == written
    assert look()[0] == "ok"


def test_version(cloud: Server) -> None:
    assert re.search(r"\d+\.\d+\.\d+", cloud.command("version").stdout)
    assert re.search(r"\d+\.\d+\.\d+", cloud.command("--version").stdout)


def test_help(cloud: Server) -> None:
    result = cloud.command("--help")
    assert result.returncode == 0
    for name in COMMANDS:
        assert name in result.stdout
        assert cloud.command(name, "--help").returncode == 0


@pytest.mark.parametrize("shell", ["bash", "fish", "zsh"])
def test_completion(cloud: Server, shell: str) -> None:
    script = cloud.command("completion", shell).stdout
    for name in COMMANDS:
        assert name in script
    if shell == "bash":
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)


def test_bash_completes(cloud: Server) -> None:
    (cloud.root / "completion").write_text(cloud.command("completion", "bash").stdout)
    script = (
        f"source {cloud.root}/completion; COMP_WORDS=(aerolith st); COMP_CWORD=1; COMP_LINE='aerolith st'; "
        "COMP_POINT=11; $(complete -p aerolith | sed 's/.*-F \\([^ ]*\\).*/\\1/') aerolith st aerolith; "
        'echo "${COMPREPLY[@]}"'
    )
    shown = subprocess.run(["bash", "-c", script], capture_output=True, text=True, env={"PATH": os.environ["PATH"]})
    assert shown.stdout.split() == ["status"], shown.stderr


def test_unknown_key_names_the_nearest(cloud: Server) -> None:
    config = cloud.root / "config.toml"
    config.write_text("[http]\nio_threats = 2\n")
    result = cloud.command("config", "--config", str(config))
    assert result.returncode == 2
    assert "io_threats" in result.stderr
    assert "io_threads" in result.stderr


def test_flag_over_environment_over_file(cloud: Server) -> None:
    config = cloud.root / "config.toml"
    config.write_text('region = "eu-west-1"\n[http]\nhandler_threads = 5\nhandler_queue = 6\n')
    cloud.settings = {"AEROLITH_REGION": "eu-west-2", "AEROLITH_HTTP_HANDLER_THREADS": "7"}
    shown = cloud.command("config", "--config", str(config), "--region", "eu-west-3").stdout
    assert 'region = "eu-west-3"' in shown
    assert re.search(r"handler_threads = 7\b", shown)
    assert re.search(r"handler_queue = 6\b", shown)


def test_what_config_prints_gives_the_same_configuration(cloud: Server, tmp_path: Path) -> None:
    cloud.settings = {
        "AEROLITH_LISTEN": "127.0.0.1:1,[::1]:2",
        "AEROLITH_REGION": "eu-west-2",
        "AEROLITH_HOST_NAMES": "a.example,b.example",
        "AEROLITH_LOG_FILE": 'log "quoted"\\',
        "AEROLITH_HTTP_BODY_LIMIT": "1.5GiB",
        "AEROLITH_HTTP_IDLE_DEADLINE": "90s",
        "AEROLITH_TLS": "false",
    }
    first = json.loads(cloud.command("config", "--json").stdout)
    assert first["listen"]["value"] == ["127.0.0.1:1", "[::1]:2"]
    file = tmp_path / "again.toml"
    file.write_text(cloud.command("config").stdout)
    # No variable of ours, so that every value can only come from the file.
    result = subprocess.run(
        [str(cloud.binary), "config", "--config", str(file), "--json"],
        env=clean_environment(cloud.home),
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    again = json.loads(result.stdout)
    assert {name: row["value"] for name, row in again.items()} == {name: row["value"] for name, row in first.items()}
    assert all(row["from"].startswith(f"{file}:") for row in again.values())


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["up", "--nonsense"], [], ["up", "--listen", "nowhere"], ["up", "--listen", ""]]
)
def test_wrong_usage(cloud: Server, arguments: list[str]) -> None:
    result = cloud.command(*arguments)
    assert result.returncode == 2
    assert result.stderr or result.stdout


def test_a_newer_data_folder_is_refused(cloud: Server) -> None:
    cloud.command("up")
    cloud.command("down")
    path = cloud.data_folder / "installation.json"
    text = path.read_text()
    path.write_text(json.dumps(json.loads(text) | {"format": 9999}))
    result = cloud.command("up")
    assert result.returncode == 1
    assert "newer Aerolith" in result.stderr
    path.write_text(text)
    assert cloud.command("up").returncode == 0


def test_down_waits_until_it_is_gone(cloud: Server) -> None:
    cloud.command("up")
    first = json.loads(cloud.command("status", "--json").stdout)["pid"]
    assert cloud.command("down").returncode == 0
    assert has_ended(first)
    assert cloud.command("up").returncode == 0
    assert json.loads(cloud.command("status", "--json").stdout)["pid"] != first


@pytest.mark.parametrize(
    ("arguments", "nearest"),
    [
        (["stauts"], "`status`"),
        (["up", "--regoin", "eu-west-1"], "`--region`"),
        (["up", "--http-io-threds=2"], "`--http-io-threads`"),
        (["logs", "--folow"], "`--follow`"),
    ],
)
def test_a_wrong_word_names_the_nearest(cloud: Server, arguments: list[str], nearest: str) -> None:
    result = cloud.command(*arguments)
    assert result.returncode == 2
    assert f"did you mean {nearest}" in result.stderr


def test_a_negative_number_of_lines_is_refused(cloud: Server) -> None:
    cloud.command("up")
    result = cloud.command("logs", "-n", "-5")
    assert result.returncode == 2
    assert result.stdout == ""


def test_a_refused_backup_is_told_in_words(cloud: Server, tmp_path: Path) -> None:
    cloud.command("up")
    (tmp_path / "full").mkdir()
    (tmp_path / "full/file").touch()
    result = cloud.command("backup", str(tmp_path / "full"))
    assert result.returncode == 1
    assert result.stderr == f"aerolith: {tmp_path}/full isn't empty\n"
