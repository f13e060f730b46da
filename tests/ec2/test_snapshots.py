"""Snapshots of volumes: made of what is closed and of what a guest writes to, copied, shared, and gone again."""

from __future__ import annotations

import filecmp
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.ec2.conftest import code, message, tagged
from tools.harness.clients import CommandLine, boto_client
from tools.harness.faults import Steps
from tools.harness.identities import make_user, policy_of, remove_user, with_keys
from tools.harness.instances import Guests, prepare_machines, public_cidr, wait_for, what_lacks, with_instances
from tools.harness.server import Server

NOBODY = "snap-0123456789abcdef0"


def files_of(server: Server) -> set[str]:
    """Of snapshots: those that volumes are children of, manifests and packs."""
    folder = server.data_folder / "blocks"
    return {path.name for part in ("snapshots", "store/snapshots", "store/packs") for path in (folder / part).iterdir()}


def refused(call: Any, **wanted: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**wanted)
    return code(caught)


def volume_of(guests: Guests, instance: str) -> str:
    return str(guests.find(instance)["BlockDeviceMappings"][0]["Ebs"]["VolumeId"])


def wait_completed(ec2: Any, snapshot: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        (seen,) = ec2.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"]
        assert seen["State"] != "error", seen
        return dict(seen) if seen["State"] == "completed" else None

    return wait_for(f"{snapshot} to be completed", look)


def boot(guests: Guests, snapshot: str, name: str) -> tuple[str, dict[str, Any]]:
    """An image of that root volume, and an instance of it."""
    device = {"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": snapshot}}
    image = guests.ec2.register_image(Name=name, RootDeviceName="/dev/xvda", BlockDeviceMappings=[device])["ImageId"]
    return image, guests.start(ImageId=image)


@pytest.fixture
def own(guests: Guests) -> Iterator[Guests]:
    """What a test launches and makes, and leaves, is taken away."""
    before = {each["SnapshotId"] for each in guests.ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]}
    images = {each["ImageId"] for each in guests.ec2.describe_images(Owners=["self"])["Images"]}
    yield guests
    guests.clear()
    for image in guests.ec2.describe_images(Owners=["self"])["Images"]:
        if image["ImageId"] not in images:
            guests.ec2.deregister_image(ImageId=image["ImageId"])
    for each in guests.ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]:
        if each["SnapshotId"] not in before:
            guests.ec2.delete_snapshot(SnapshotId=each["SnapshotId"])


@pytest.fixture
def other(guests: Guests) -> Any:
    """EC2 as another account's root, and its IAM."""
    created = guests.server.command("account", "create", "--name", f"other-{time.time_ns()}", "--json")
    keys = json.loads(created.stdout)
    named = {"aws_access_key_id": keys["access_key_id"], "aws_secret_access_key": keys["secret_access_key"]}
    made = boto_client(guests.server, "ec2", **named)
    made.account = keys["account_id"]
    made.iam = boto_client(guests.server, "iam", **named)
    return made


def test_the_life_of_a_snapshot_of_a_stopped_instance(own: Guests, cloud: Server) -> None:
    instance = own.start()["InstanceId"]
    own.ec2.stop_instances(InstanceIds=[instance])
    own.wait_state(instance, "stopped")
    volume = volume_of(own, instance)
    made = own.ec2.create_snapshot(
        VolumeId=volume, Description="before the upgrade", TagSpecifications=tagged("snapshot", Name="nightly")
    )
    assert (made["State"], made["VolumeId"], made["Description"]) == ("pending", volume, "before the upgrade")
    assert made["Tags"] == [{"Key": "Name", "Value": "nightly"}]
    own.ec2.get_waiter("snapshot_completed").wait(
        SnapshotIds=[made["SnapshotId"]], WaiterConfig={"Delay": 1, "MaxAttempts": 180}
    )
    (seen,) = own.ec2.describe_snapshots(SnapshotIds=[made["SnapshotId"]])["Snapshots"]
    assert (seen["Progress"], seen["VolumeSize"], seen["Encrypted"]) == ("100%", 1, False)
    assert seen["OwnerId"] == own.ec2.describe_vpcs()["Vpcs"][0]["OwnerId"]
    assert seen["CompletionTime"] >= seen["StartTime"]
    assert f"{made['SnapshotId']}.manifest" in files_of(cloud)
    own.ec2.delete_snapshot(SnapshotId=made["SnapshotId"])
    assert refused(own.ec2.describe_snapshots, SnapshotIds=[made["SnapshotId"]]) == "InvalidSnapshot.NotFound"
    wait_for("its bytes to go", lambda: not any(made["SnapshotId"] in name for name in files_of(cloud)))


def test_an_instance_is_launched_with_a_volume_of_a_snapshot(own: Guests) -> None:
    """As large as the snapshot, or as is said."""
    first = own.start()["InstanceId"]
    snapshot = own.ec2.create_snapshot(VolumeId=volume_of(own, first))["SnapshotId"]
    size = wait_completed(own.ec2, snapshot)["VolumeSize"]
    ebs = {"SnapshotId": snapshot, "VolumeType": "gp3"}
    mappings = [
        {"DeviceName": "/dev/sdf", "Ebs": ebs},
        {"DeviceName": "/dev/sdg", "Ebs": {**ebs, "VolumeSize": size + 1}},
    ]
    instance = own.start(BlockDeviceMappings=mappings)
    attached = [{"Name": "attachment.instance-id", "Values": [instance["InstanceId"]]}]
    found = own.ec2.describe_volumes(Filters=attached)["Volumes"]
    by_device = {each["Attachments"][0]["Device"]: (each["Size"], each["SnapshotId"]) for each in found}
    assert by_device["/dev/sdf"] == (size, snapshot) and by_device["/dev/sdg"] == (size + 1, snapshot)
    unknown = [{"DeviceName": "/dev/sdf", "Ebs": {"SnapshotId": NOBODY}}]
    launch = {"ImageId": own.image, "InstanceType": "t3.nano", "MinCount": 1, "MaxCount": 1}
    assert refused(own.ec2.run_instances, **launch, BlockDeviceMappings=unknown) == "InvalidSnapshot.NotFound"


def test_what_is_wrong_with_a_request(own: Guests) -> None:
    ec2 = own.ec2
    for call, wanted, expected in (
        (ec2.create_snapshot, {"VolumeId": "vol-0123456789abcdef0"}, "InvalidVolume.NotFound"),
        (ec2.create_snapshots, {"InstanceSpecification": {"InstanceId": "i-0123456789abcdef0"}}, "InvalidInstanceID.NotFound"),
        (ec2.delete_snapshot, {"SnapshotId": NOBODY}, "InvalidSnapshot.NotFound"),
        (ec2.delete_snapshot, {"SnapshotId": "nonsense"}, "InvalidParameterValue"),
        (ec2.copy_snapshot, {"SourceSnapshotId": NOBODY, "SourceRegion": ec2.meta.region_name}, "InvalidSnapshot.NotFound"),
        (ec2.copy_snapshot, {"SourceSnapshotId": NOBODY, "SourceRegion": "eu-west-1"}, "UnsupportedOperation"),
        (ec2.describe_snapshots, {"SnapshotIds": [NOBODY]}, "InvalidSnapshot.NotFound"),
        (ec2.describe_snapshots, {"SnapshotIds": [NOBODY], "MaxResults": 5}, "InvalidParameterCombination"),
        (ec2.describe_snapshots, {"MaxResults": 4}, "InvalidParameterValue"),
        (ec2.describe_snapshots, {"Filters": [{"Name": "colour", "Values": ["red"]}]}, "InvalidParameterValue"),
        (ec2.modify_snapshot_attribute, {"SnapshotId": NOBODY, "UserIds": ["111122223333"], "OperationType": "add"}, "InvalidSnapshot.NotFound"),
        (ec2.reset_snapshot_attribute, {"SnapshotId": NOBODY, "Attribute": "productCodes"}, "InvalidParameterValue"),
    ):  # fmt: skip
        assert refused(call, **wanted) == expected, (call, wanted)


def test_a_snapshot_of_a_running_guest_has_what_was_written_before_it(own: Guests) -> None:
    instance = own.start()
    login = own.login(instance).wait()
    login.run("echo before > ~/note; sync")
    made = own.ec2.create_snapshot(VolumeId=volume_of(own, instance["InstanceId"]))["SnapshotId"]
    login.run("echo after > ~/note; sync")
    wait_completed(own.ec2, made)
    assert own.find(instance["InstanceId"])["State"]["Name"] == "running"
    assert login.run("cat ~/note") == "after"
    image, restored = boot(own, made, "of-a-moment")
    assert own.login(restored).wait().run("cat ~/note") == "before"
    with pytest.raises(ClientError) as caught:
        own.ec2.delete_snapshot(SnapshotId=made)
    assert (code(caught), message(caught)) == (
        "InvalidSnapshot.InUse",
        f"The snapshot {made} is currently in use by {image}",
    )
    own.ec2.deregister_image(ImageId=image)
    own.ec2.delete_snapshot(SnapshotId=made)
    # The volume that was made of it goes on.
    assert own.login(restored).run("cat ~/note") == "before"


def test_a_snapshot_of_a_running_machine(own: Guests, cloud: Server) -> None:
    lacks = prepare_machines(cloud)
    if lacks:
        pytest.skip(f"no virtual machines here: {lacks}")
    instance = own.start(TagSpecifications=tagged("instance", **{"aerolith:driver": "vm"}))
    login = own.login(instance).wait()
    login.run("echo before > ~/note; sync")
    made = own.ec2.create_snapshot(VolumeId=volume_of(own, instance["InstanceId"]))["SnapshotId"]
    login.run("echo after > ~/note; sync")
    wait_completed(own.ec2, made)
    assert login.run("cat ~/note") == "after"
    # Without a kernel beside it, the disk boots in a container.
    assert own.login(boot(own, made, "of-a-machine")[1]).wait().run("cat ~/note") == "before"


def test_an_instance_that_is_told_to_end_waits_for_its_snapshot(own: Guests) -> None:
    instance = own.start()["InstanceId"]
    made = own.ec2.create_snapshots(
        InstanceSpecification={"InstanceId": instance}, Description="all", TagSpecifications=tagged("snapshot", a="b")
    )["Snapshots"]
    own.terminate(instance)
    assert [each["VolumeSize"] for each in made] == [1]
    seen = wait_completed(own.ec2, made[0]["SnapshotId"])
    assert (seen["Description"], seen["Tags"]) == ("all", [{"Key": "a", "Value": "b"}])


def test_an_image_without_a_reboot(own: Guests) -> None:
    instance = own.start()
    login = own.login(instance).wait()
    booted = login.run("cat /proc/1/stat | cut -d' ' -f22; echo kept > ~/note; sync").splitlines()[0]
    image = own.ec2.create_image(InstanceId=instance["InstanceId"], Name="no-reboot", NoReboot=True)["ImageId"]
    own.ec2.get_waiter("image_available").wait(ImageIds=[image], WaiterConfig={"Delay": 1, "MaxAttempts": 180})
    assert login.run("cat /proc/1/stat | cut -d' ' -f22") == booted
    snapshot = own.ec2.describe_images(ImageIds=[image])["Images"][0]["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    (seen,) = own.ec2.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"]
    assert seen["Description"] == f"Created by CreateImage({instance['InstanceId']}) for {image}"
    assert own.login(own.start(ImageId=image)).wait().run("cat ~/note") == "kept"


@pytest.fixture
def snapshot(own: Guests) -> str:
    instance = own.start()["InstanceId"]
    made = own.ec2.create_snapshot(VolumeId=volume_of(own, instance), Description="one of a kind")["SnapshotId"]
    wait_completed(own.ec2, made)
    return str(made)


def test_copies_filters_and_pages(own: Guests, snapshot: str) -> None:
    region = own.ec2.meta.region_name
    copies = [
        own.ec2.copy_snapshot(
            SourceSnapshotId=snapshot,
            SourceRegion=region,
            Description=f"copy {number}",
            TagSpecifications=tagged("snapshot", number=str(number)),
        )["SnapshotId"]
        for number in range(6)
    ]
    for copy in copies:
        seen = wait_completed(own.ec2, copy)
        assert (seen["VolumeId"], seen["VolumeSize"], seen["TransferType"]) == ("vol-ffffffff", 1, "standard")

    def found(**filters: str) -> list[str]:
        wanted = [{"Name": name.replace("_", "-"), "Values": [value]} for name, value in filters.items()]
        return [each["SnapshotId"] for each in own.ec2.describe_snapshots(Filters=wanted)["Snapshots"]]

    assert found(description="one of *") == [snapshot]
    assert found(volume_id="vol-ffffffff", tag_key="number") == sorted(copies)
    assert found(snapshot_id=copies[0], status="completed", progress="100%", volume_size="1") == [copies[0]]
    assert found(**{"tag:number": "3"}) == [copies[3]]
    assert found(tag_key="number", encrypted="true") == []
    pages = own.ec2.get_paginator("describe_snapshots").paginate(OwnerIds=["self"], PaginationConfig={"PageSize": 5})
    listed = [[each["SnapshotId"] for each in page["Snapshots"]] for page in pages]
    assert len(listed[0]) == 5
    assert set(copies) | {snapshot} <= {each for page in listed for each in page}
    # A copy stands by itself.
    own.ec2.delete_snapshot(SnapshotId=snapshot)
    boot(own, copies[0], "of-a-copy")


def test_sharing_between_accounts(own: Guests, other: Any, snapshot: str) -> None:
    region = own.ec2.meta.region_name
    copy = {"SourceSnapshotId": snapshot, "SourceRegion": region}
    assert refused(other.describe_snapshots, SnapshotIds=[snapshot]) == "InvalidSnapshot.NotFound"
    assert refused(other.copy_snapshot, **copy) == "InvalidSnapshot.NotFound"
    share = {"SnapshotId": snapshot, "CreateVolumePermission": {"Add": [{"UserId": other.account}]}}
    own.ec2.modify_snapshot_attribute(**share)
    asked = {"SnapshotId": snapshot, "Attribute": "createVolumePermission"}
    assert own.ec2.describe_snapshot_attribute(**asked)["CreateVolumePermissions"] == [{"UserId": other.account}]
    (seen,) = other.describe_snapshots(RestorableByUserIds=["self"])["Snapshots"]
    assert seen["SnapshotId"] == snapshot
    assert other.describe_snapshots(OwnerIds=["self"])["Snapshots"] == []
    # Lent, not given.
    assert refused(other.delete_snapshot, SnapshotId=snapshot) == "AuthFailure"
    assert refused(other.modify_snapshot_attribute, **share) == "AuthFailure"
    taken = other.copy_snapshot(**copy)["SnapshotId"]
    wait_completed(other, taken)
    own.ec2.reset_snapshot_attribute(**asked)
    assert refused(other.describe_snapshots, SnapshotIds=[snapshot]) == "InvalidSnapshot.NotFound"
    own.ec2.modify_snapshot_attribute(SnapshotId=snapshot, OperationType="add", GroupNames=["all"])
    assert own.ec2.describe_snapshot_attribute(**asked)["CreateVolumePermissions"] == [{"Group": "all"}]
    assert snapshot in [
        each["SnapshotId"] for each in other.describe_snapshots(RestorableByUserIds=["all"])["Snapshots"]
    ]
    assert refused(own.ec2.modify_snapshot_attribute, SnapshotId=snapshot, OperationType="add", UserIds=["me"]) == (
        "InvalidUserID.Malformed"
    )
    other.delete_snapshot(SnapshotId=taken)


def test_a_volume_of_a_lent_snapshot(own: Guests, other: Any, snapshot: str, tmp_path: Path) -> None:
    """It is the borrower's, and stays when the loan ends."""
    wanted = {
        "SnapshotId": snapshot,
        "AvailabilityZone": other.describe_availability_zones()["AvailabilityZones"][0]["ZoneName"],
    }
    assert refused(other.create_volume, **wanted) == "InvalidSnapshot.NotFound"
    share = {"SnapshotId": snapshot, "CreateVolumePermission": {"Add": [{"UserId": other.account}]}}
    own.ec2.modify_snapshot_attribute(**share)
    volume = other.create_volume(**wanted)["VolumeId"]
    wait_for("the volume", lambda: other.describe_volumes(VolumeIds=[volume])["Volumes"][0]["State"] == "available")
    (seen,) = other.describe_volumes(VolumeIds=[volume])["Volumes"]
    (lent,) = own.ec2.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"]
    assert (seen["SnapshotId"], seen["Size"], seen["Encrypted"]) == (snapshot, lent["VolumeSize"], False)
    assert refused(own.ec2.describe_volumes, VolumeIds=[volume]) == "InvalidVolume.NotFound"
    # The loan ends, and then the snapshot.
    own.ec2.reset_snapshot_attribute(SnapshotId=snapshot, Attribute="createVolumePermission")
    assert refused(other.create_volume, **wanted) == "InvalidSnapshot.NotFound"
    before = tmp_path / "before.raw"
    after = tmp_path / "after.raw"
    assert own.server.command("ebs", "export", snapshot, "--output", str(before)).returncode == 0
    own.ec2.delete_snapshot(SnapshotId=snapshot)
    exported = own.server.command("ebs", "export", volume, "--output", str(after))
    assert exported.returncode == 0, exported.stderr
    assert filecmp.cmp(before, after, shallow=False)
    # One of the volume is the borrower's own.
    made = other.create_snapshot(VolumeId=volume)["SnapshotId"]
    assert wait_completed(other, made)["OwnerId"] == other.account
    assert refused(own.ec2.describe_snapshots, SnapshotIds=[made]) == "InvalidSnapshot.NotFound"
    other.delete_snapshot(SnapshotId=made)
    other.delete_volume(VolumeId=volume)


def test_what_is_lent_is_its_owners(own: Guests, other: Any, snapshot: str) -> None:
    """A user of the borrower's who may only use what belongs to his account, or only what doesn't."""
    share = {"SnapshotId": snapshot, "CreateVolumePermission": {"Add": [{"UserId": other.account}]}}
    own.ec2.modify_snapshot_attribute(**share)
    copy = {"SourceSnapshotId": snapshot, "SourceRegion": own.ec2.meta.region_name, "DryRun": True}
    actions = {"Action": ["ec2:CopySnapshot", "ebs:ListSnapshotBlocks"]}
    for number, key in enumerate(("aws:ResourceAccount", "ec2:Owner")):
        others = {"Effect": "Deny", "Condition": {"StringNotEquals": {key: other.account}}} | actions
        called = f"borrower-{number}"
        keys = make_user(other.iam, called, policy_of(actions, others))
        assert refused(with_keys(own.server, "ec2", keys).copy_snapshot, **copy) == "UnauthorizedOperation"
        if key == "aws:ResourceAccount":
            ebs = with_keys(own.server, "ebs", keys)
            assert refused(ebs.list_snapshot_blocks, SnapshotId=snapshot) == "AccessDeniedException"
        mine = policy_of(actions, others | {"Condition": {"StringEquals": {key: "999988887777"}}})
        other.iam.put_user_policy(UserName=called, PolicyName="rights", PolicyDocument=mine)
        assert refused(with_keys(own.server, "ec2", keys).copy_snapshot, **copy) == "DryRunOperation"
        remove_user(other.iam, called)


def test_the_command_line(own: Guests, cloud: Server, snapshot: str) -> None:
    client = CommandLine(cloud)
    listed = json.loads(client.aws("ec2", "describe-snapshots", "--owner-ids", "self", "--output", "json").stdout)
    assert snapshot in [each["SnapshotId"] for each in listed["Snapshots"]]
    client.aws("ec2", "wait", "snapshot-completed", "--snapshot-ids", snapshot)
    client.aws("ec2", "create-tags", "--resources", snapshot, "--tags", "Key=kept,Value=yes")
    assert own.ec2.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"][0]["Tags"] == [
        {"Key": "kept", "Value": "yes"}
    ]


def test_of_all_volumes_of_an_instance_but_some(own: Guests) -> None:
    data = [{"DeviceName": f"/dev/sd{letter}", "Ebs": {"VolumeSize": 1}} for letter in "fg"]
    instance = own.start(BlockDeviceMappings=data)["InstanceId"]
    root, first, second = (each["Ebs"]["VolumeId"] for each in own.find(instance)["BlockDeviceMappings"])
    own.ec2.create_tags(Resources=[first], Tags=[{"Key": "holds", "Value": "first"}, {"Key": "kept", "Value": "no"}])

    def ask(**wanted: Any) -> dict[str, list[dict[str, str]]]:
        """Tags by volume."""
        wanted["InstanceSpecification"] = {"InstanceId": instance, **wanted.get("InstanceSpecification", {})}
        made = own.ec2.create_snapshots(**wanted)["Snapshots"]
        for each in made:
            wait_completed(own.ec2, each["SnapshotId"])
        return {each["VolumeId"]: sorted(each["Tags"], key=lambda tag: tag["Key"]) for each in made}

    assert ask() == {root: [], first: [], second: []}
    some = ask(
        InstanceSpecification={"ExcludeDataVolumeIds": [second], "ExcludeBootVolume": True},
        CopyTagsFromSource="volume",
        TagSpecifications=tagged("snapshot", kept="yes"),
    )
    assert some == {first: [{"Key": "holds", "Value": "first"}, {"Key": "kept", "Value": "yes"}]}
    for wrong in (root, "vol-0123456789abcdef0"):
        specification = {"InstanceId": instance, "ExcludeDataVolumeIds": [wrong]}
        assert refused(own.ec2.create_snapshots, InstanceSpecification=specification) == "InvalidParameterValue"


def test_public_sharing_is_blocked(own: Guests, other: Any, snapshot: str) -> None:
    ec2, share = own.ec2, {"SnapshotId": snapshot, "Attribute": "createVolumePermission"}
    public = {"CreateVolumePermission": {"Add": [{"Group": "all"}]}}
    assert ec2.get_snapshot_block_public_access_state()["State"] == "unblocked"
    ec2.modify_snapshot_attribute(**share, **public)
    assert other.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"]
    try:
        assert ec2.enable_snapshot_block_public_access(State="block-new-sharing")["State"] == "block-new-sharing"
        assert refused(ec2.modify_snapshot_attribute, **share, **public) == "OperationNotPermitted"
        assert other.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"]
        ec2.enable_snapshot_block_public_access(State="block-all-sharing")
        assert refused(other.describe_snapshots, SnapshotIds=[snapshot]) == "InvalidSnapshot.NotFound"
        assert other.describe_snapshots(RestorableByUserIds=["all"])["Snapshots"] == []
        # The owner sees what it says.
        said = ec2.describe_snapshot_attribute(**share)["CreateVolumePermissions"]
        assert said == [{"Group": "all"}]
        # To accounts it may still be given.
        ec2.modify_snapshot_attribute(**share, CreateVolumePermission={"Add": [{"UserId": other.account}]})
        assert other.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"]
        assert other.get_snapshot_block_public_access_state()["State"] == "unblocked"
        assert refused(ec2.enable_snapshot_block_public_access, State="unblocked") == "InvalidParameterValue"
    finally:
        assert ec2.disable_snapshot_block_public_access()["State"] == "unblocked"
        ec2.reset_snapshot_attribute(**share)


def walk_through_kills(tmp_path: Path, worker_id: str, kind: str, **wanted: Any) -> None:
    """Whole, or not there: a call that was answered has made one, one that wasn't leaves nothing half done."""
    number = int(worker_id.removeprefix("gw") or 0) if worker_id != "master" else 0
    server = Server(tmp_path, settings={"AEROLITH_EC2_PUBLIC_CIDR": public_cidr(number, 1)})
    lacks = what_lacks(server, kind)
    if lacks:
        pytest.skip(f"no instances here: {lacks}")
    steps = Steps(server, tmp_path / "steps")
    with with_instances(server):
        lacks = prepare_machines(server) if kind != "containers" else ""
        if lacks:
            pytest.skip(f"no virtual machines here: {lacks}")
        guests = Guests(server, tmp_path)
        instance = guests.start(**wanted)
        guests.login(instance).wait(300)
        volume = volume_of(guests, instance["InstanceId"])

        def make() -> str:
            return str(guests.ec2.create_snapshot(VolumeId=volume)["SnapshotId"])

        def settled() -> bool:
            states = {each["State"] for each in guests.ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]}
            return "pending" not in states

        def walk(before: set[str], kept: list[str]) -> None:
            for step in steps.record(lambda: wait_completed(guests.ec2, make())):
                steps.kill_at(step, make)
                wait_for(f"an end after a kill at {step}", settled)
                for each in guests.ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]:
                    assert each["State"] == "completed", (step, each)
                    if each["SnapshotId"] not in kept:
                        guests.ec2.delete_snapshot(SnapshotId=each["SnapshotId"])
                wait_for(f"nothing to be left after a kill at {step}", lambda: files_of(server) - before == set())

        before = files_of(server)
        walk(before, [])
        # Of what changed since this one.
        kept = make()
        wait_completed(guests.ec2, kept)
        walk(files_of(server), [kept])
        guests.ec2.delete_snapshot(SnapshotId=kept)
        wait_for("nothing to be left", lambda: files_of(server) == before)
        guests.clear()


def test_the_server_killed_at_each_step_of_a_snapshot(tmp_path: Path, worker_id: str) -> None:
    walk_through_kills(tmp_path, worker_id, "containers")


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_the_server_killed_at_each_step_of_a_snapshot_of_a_machine(tmp_path: Path, worker_id: str) -> None:
    vm = tagged("instance", **{"aerolith:driver": "vm"})
    walk_through_kills(tmp_path, worker_id, "virtual machines", TagSpecifications=vm)
