"""The image debian-12 as a container and as a virtual machine: systemd, cloud-init, the owner's key, a stop and a start."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tools.harness.debian import DebianGuests, NoDebian, debian_cloud
from tools.harness.instances import Login, wait_for, what_lacks
from tools.harness.volumes import GIB, Volumes

# Of an emulated machine on a busy host.
PATIENCE = 400.0

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("debian"), pytest.mark.timeout(3600)]

USER_DATA = """\
Content-Type: multipart/mixed; boundary="//"
MIME-Version: 1.0

--//
Content-Type: text/cloud-config

#cloud-config
write_files:
  - path: /etc/from-cloud-config
    content: written
runcmd:
  - echo ran as $(id -un) >> /etc/from-runcmd

--//
Content-Type: text/x-shellscript

#!/bin/bash
echo ran as $(id -un) >> /etc/from-script

--//--
"""


@pytest.fixture(scope="module")
def guests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DebianGuests]:
    root = tmp_path_factory.mktemp("debian")
    try:
        with debian_cloud(root, worker=7) as server:
            guests = DebianGuests(server, root)
            yield guests
            guests.clear()
    except NoDebian as why:
        pytest.skip(str(why))


@pytest.fixture(scope="module", params=["container", "vm"])
def instance(request: pytest.FixtureRequest, guests: DebianGuests) -> Iterator[str]:
    """One of each kind, for all tests of this file in their order."""
    if request.param == "vm" and (lacks := what_lacks(guests.server, "virtual machines")):
        pytest.skip(lacks)
    made = guests.boot(request.param, USER_DATA)
    yield made
    guests.terminate(made)


@pytest.fixture
def shell(guests: DebianGuests, instance: str) -> Login:
    return guests.wait_login(instance, PATIENCE)


def wait_cloud_init(shell: Login) -> None:
    said = shell.attempt("cloud-init status --wait --long", PATIENCE)
    assert said.returncode == 0, said.stdout + shell.attempt("cat /run/cloud-init/result.json", 60).stdout
    assert "status: done" in said.stdout
    assert "DataSourceEc2" in said.stdout


def test_cloud_init_does_what_user_data_says(guests: DebianGuests, instance: str, shell: Login) -> None:
    wait_cloud_init(shell)
    assert shell.run("cat /etc/from-cloud-config", 60) == "written"
    assert shell.run("cat /etc/from-runcmd /etc/from-script", 60) == "ran as root\nran as root"
    name = guests.find(instance)["PrivateDnsName"].split(".")[0]
    assert shell.run("hostname; cat /etc/hostname", 60) == f"{name}\n{name}"
    assert shell.run("sudo id -un", 60) == "root"


def test_every_unit_is_well(shell: Login) -> None:
    wait_cloud_init(shell)
    shell.attempt("systemctl is-system-running --wait", PATIENCE)
    state = shell.attempt("systemctl is-system-running; systemctl --failed --no-legend --plain", 60).stdout
    assert state == "running\n"


def test_the_disk_is_as_large_as_its_volume(shell: Login) -> None:
    wait_cloud_init(shell)
    assert int(shell.run("df --output=size -m / | tail -1", 60)) > 3500


def test_it_trusts_the_names_of_the_api(shell: Login) -> None:
    ask = "curl -sS -o /dev/null -w '%{http_code} %{ssl_verify_result}' https://s3.us-east-1.amazonaws.com/"
    status, verified = shell.run(ask, 60).split()
    assert verified == "0"
    assert status in ("307", "403")  # nobody signed


def test_the_console_tells_of_the_boot_and_the_host_key(guests: DebianGuests, instance: str, shell: Login) -> None:
    wait_cloud_init(shell)
    key = shell.run("cut -d' ' -f2 /etc/ssh/ssh_host_ed25519_key.pub", 60)
    said = wait_for(
        "the host key", lambda: guests.ec2.get_console_output(InstanceId=instance)["Output"], PATIENCE, every=1
    )
    assert "Debian GNU/Linux 12" in said
    assert f"ssh-ed25519 {key}" in said


def test_whoever_is_root_inside_stays_within_its_limits(shell: Login) -> None:
    if shell.attempt("systemd-detect-virt --container", 60).returncode != 0:
        pytest.skip("of a machine the kernel is its own")
    lift = (
        "for limit in /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes; do "
        "[ ! -e $limit ] || { echo found; echo 99999999999 >$limit; cat $limit; }; done 2>/dev/null"
    )
    seen = shell.run(f"sudo sh -c '{lift}'").splitlines()
    assert seen == ["found", str(2 << 30)]
    # Control groups of others aren't there to be written, nor seen.
    assert "aerolith" not in shell.run("cat /proc/self/cgroup")
    assert shell.attempt("sudo mount -t tmpfs none /mnt").returncode != 0


def test_a_volume_has_a_name_by_its_id(guests: DebianGuests, instance: str, shell: Login) -> None:
    """udev's link in a machine, and the same one in a container."""
    wait_cloud_init(shell)
    is_vm = shell.attempt("systemd-detect-virt --container", 60).returncode != 0
    volumes = Volumes(guests, guests.find(instance)["Placement"]["AvailabilityZone"])
    try:
        volume = volumes.make()
        volumes.attach(volume, instance)
        name = f"virtio-{volume.replace('-', '')}"
        seen = wait_for(
            "the link",
            lambda: [line for line in shell.attempt("ls -l /dev/disk/by-id/", 60).stdout.splitlines() if name in line],
            PATIENCE,
            every=1,
        )
        device = "vdb" if is_vm else "sdf"
        assert [line.split(name)[1] for line in seen] == [f" -> ../../{device}"]
        assert int(shell.run(f"sudo blockdev --getsize64 /dev/disk/by-id/{name}", 60)) == GIB
        if is_vm:
            assert shell.run(f"cat /sys/block/{device}/serial", 60) == volume.replace("-", "")
        volumes.detach(volume)
        assert shell.attempt(f"test -e /dev/disk/by-id/{name}", 60).returncode == 1
    finally:
        volumes.clear()


def test_a_reboot_runs_user_data_no_second_time(guests: DebianGuests, instance: str, shell: Login) -> None:
    wait_cloud_init(shell)
    shell.run("sudo touch /run/before", 60)
    guests.ec2.reboot_instances(InstanceIds=[instance])
    wait_for("the reboot", lambda: shell.attempt("test -e /run/before", 120).returncode == 1, PATIENCE, every=1)
    wait_cloud_init(shell)
    assert shell.run("cat /etc/from-runcmd /etc/from-script", 60) == "ran as root\nran as root"


def test_it_shuts_down_in_order_and_starts_again(guests: DebianGuests, instance: str, shell: Login) -> None:
    wait_cloud_init(shell)
    ends = "sudo journalctl --no-pager -o cat | grep -c 'Reached target poweroff.target' || true"
    before = int(shell.run(ends, 60))
    shell.run("echo kept >kept", 60)
    begin = time.monotonic()
    guests.ec2.stop_instances(InstanceIds=[instance])
    guests.wait_state(instance, "stopped", PATIENCE)
    took = time.monotonic() - begin
    guests.ec2.start_instances(InstanceIds=[instance])
    again = guests.wait_login(instance, PATIENCE)
    assert again.run("cat kept", 60) == "kept"
    # systemd's own word that it went all the way: nobody pulled the plug.
    assert int(again.run(ends, 60)) == before + 1
    assert took < 60
