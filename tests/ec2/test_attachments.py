"""Network interfaces attached to instances and detached again, while they run and while they are stopped."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.ec2.conftest import code, message, tagged
from tools.harness.instances import Guests, Login, mark_of, wait_for


@pytest.fixture(scope="module")
def subnet(guests: Guests) -> Iterator[dict[str, Any]]:
    """A second subnet of the default VPC, in the zone where instances are launched: none of them is in it."""
    zone = guests.ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [guests.vpc]}])["Subnets"]
    first = sorted(each["AvailabilityZone"] for each in zone)[0]
    made = guests.ec2.create_subnet(VpcId=guests.vpc, CidrBlock="172.31.200.0/24", AvailabilityZone=first)["Subnet"]
    yield made
    guests.ec2.delete_subnet(SubnetId=made["SubnetId"])


@dataclass
class Spare:
    """An interface with an Elastic IP, which nothing has yet."""

    guests: Guests
    id: str
    address: str
    group: str
    public: str
    allocation: str

    def shown(self) -> dict[str, Any]:
        found = self.guests.ec2.describe_network_interfaces(NetworkInterfaceIds=[self.id])["NetworkInterfaces"]
        return dict(found[0])

    def attach(self, instance: str, index: int = 1) -> str:
        made = self.guests.ec2.attach_network_interface(
            NetworkInterfaceId=self.id, InstanceId=instance, DeviceIndex=index
        )
        assert made["AttachmentId"].startswith("eni-attach-") and made["NetworkCardIndex"] == 0
        return str(made["AttachmentId"])

    def wait_attached(self) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            seen = self.shown()
            return seen if seen["Attachment"]["Status"] == "attached" else None

        return wait_for(f"{self.id} to be attached", look)

    def wait_available(self) -> None:
        wait_for(f"{self.id} to be free", lambda: self.shown()["Status"] == "available")

    def login(self) -> Login:
        return Login(self.public, self.guests.key_file)


@pytest.fixture
def spare(guests: Guests, subnet: dict[str, Any], request: pytest.FixtureRequest) -> Iterator[Spare]:
    ec2 = guests.ec2
    group = guests.make_group(request.node.name)
    guests.allow(group, 22, "0.0.0.0/0")
    made = ec2.create_network_interface(SubnetId=subnet["SubnetId"], Groups=[group])["NetworkInterface"]
    address = ec2.allocate_address(Domain="vpc")
    ec2.associate_address(AllocationId=address["AllocationId"], NetworkInterfaceId=made["NetworkInterfaceId"])
    yield Spare(
        guests,
        made["NetworkInterfaceId"],
        made["PrivateIpAddress"],
        group,
        address["PublicIp"],
        address["AllocationId"],
    )
    for left in ec2.describe_network_interfaces(Filters=[{"Name": "group-id", "Values": [group]}])["NetworkInterfaces"]:
        ec2.delete_network_interface(NetworkInterfaceId=left["NetworkInterfaceId"])
    ec2.release_address(AllocationId=address["AllocationId"])
    ec2.delete_security_group(GroupId=group)


@pytest.fixture
def own(guests: Guests, spare: Spare) -> Iterator[Guests]:
    """Guests of the test's own: gone after it, before the interface."""
    others = list(guests.made)
    yield guests
    guests.terminate(*[instance for instance in guests.made if instance not in others])


def devices_in_vpc(guests: Guests) -> str:
    links = ["ip", "-n", f"{mark_of(guests.server)}-{guests.vpc}", "-o", "link"]
    return subprocess.run(links, check=True, capture_output=True, text=True).stdout


def metadata(shell: Login, path: str) -> str:
    return shell.run(f"wget -q -O - http://169.254.169.254/latest/meta-data/{path}")


def test_a_running_instance_gets_one_at_once_and_lets_it_go(own: Guests, spare: Spare) -> None:
    instance = own.start()
    shell = own.login(instance).wait()
    before = devices_in_vpc(own)
    attachment = spare.attach(instance["InstanceId"])
    shown = spare.wait_attached()
    assert shown["Status"] == "in-use"
    assert shown["Attachment"]["AttachmentId"] == attachment
    assert shown["Attachment"]["InstanceId"] == instance["InstanceId"]
    assert shown["Attachment"]["DeviceIndex"] == 1 and not shown["Attachment"]["DeleteOnTermination"]

    assert f"{spare.address}/24" in shell.run("ip -4 addr show dev eth1")
    assert shown["MacAddress"] in shell.run("cat /sys/class/net/eth1/address")
    ways = shell.run("ip route show").splitlines()
    assert ["dev eth0" in way for way in ways if way.startswith("default")] == [True]
    # The Elastic IP leads in by eth1, and the answers out by it: the VPC drops what has another device's address.
    assert spare.login().wait().run("hostname") == shell.run("hostname")
    assert sorted(metadata(shell, "network/interfaces/macs/").split()) == sorted(
        each + "/" for each in (shown["MacAddress"], instance["NetworkInterfaces"][0]["MacAddress"])
    )
    found = own.find(instance["InstanceId"])
    assert [each["Attachment"]["DeviceIndex"] for each in found["NetworkInterfaces"]] == [0, 1]
    assert found["PrivateIpAddress"] == instance["PrivateIpAddress"]
    assert found["SecurityGroups"] == instance["SecurityGroups"]

    # Its own groups count, not those of the first interface.
    own.forbid(spare.group, 22, "0.0.0.0/0")
    wait_for("the rule to be gone", lambda: spare.login().attempt("true").returncode == 255)
    assert shell.run("echo still here") == "still here"

    own.ec2.detach_network_interface(AttachmentId=attachment)
    spare.wait_available()
    assert "Attachment" not in spare.shown()
    assert shell.attempt("test -e /sys/class/net/eth1").returncode == 1
    assert len(own.find(instance["InstanceId"])["NetworkInterfaces"]) == 1
    wait_for("the device to be gone", lambda: devices_in_vpc(own).count("\n") == before.count("\n"))
    assert shell.run("echo still here") == "still here"
    with pytest.raises(ClientError) as caught:
        own.ec2.detach_network_interface(AttachmentId=attachment)
    assert code(caught) == "InvalidAttachmentID.NotFound"


def test_it_moves_from_one_to_another_with_its_addresses(own: Guests, spare: Spare) -> None:
    one, two = (own.wait_state(each["InstanceId"], "running") for each in own.launch(2))
    attachment = spare.attach(one["InstanceId"], index=3)
    spare.wait_attached()
    names = [each["PrivateDnsName"].split(".")[0] for each in (one, two)]
    shell = spare.login().wait()
    assert shell.run("hostname") == names[0]
    assert f"{spare.address}/24" in shell.run("ip -4 addr show dev eth3")
    own.ec2.detach_network_interface(AttachmentId=attachment, Force=True)
    spare.wait_available()
    spare.attach(two["InstanceId"])
    spare.wait_attached()
    assert spare.login().wait().run("hostname") == names[1]


def test_it_is_still_there_after_a_stop_and_a_reboot_and_a_kill_of_the_server(own: Guests, spare: Spare) -> None:
    instance = own.start()
    own.login(instance).wait()
    spare.attach(instance["InstanceId"])
    own.server.kill()  # perhaps in the middle of it
    own.server.start()
    spare.wait_attached()
    shell = spare.login().wait()
    shell.run("touch /dev/shm/before")
    own.server.kill()
    assert shell.run("echo without the server") == "without the server"
    own.server.start()
    assert shell.run("echo with it") == "with it"
    own.ec2.reboot_instances(InstanceIds=[instance["InstanceId"]])
    wait_for("the reboot", lambda: shell.attempt("test -e /dev/shm/before").returncode == 1)
    own.ec2.stop_instances(InstanceIds=[instance["InstanceId"]])
    own.wait_state(instance["InstanceId"], "stopped")
    assert spare.shown()["Attachment"]["Status"] == "attached"
    own.ec2.start_instances(InstanceIds=[instance["InstanceId"]])
    own.wait_state(instance["InstanceId"], "running")
    shell = spare.login().wait()
    assert f"{spare.address}/24" in shell.run("ip -4 addr show dev eth1")


def test_a_stopped_instance_has_it_when_it_starts(own: Guests, spare: Spare) -> None:
    instance = own.start()
    own.ec2.stop_instances(InstanceIds=[instance["InstanceId"]])
    with pytest.raises(ClientError) as caught:
        spare.attach(instance["InstanceId"])
    assert code(caught) == "IncorrectInstanceState"
    own.wait_state(instance["InstanceId"], "stopped")
    attachment = spare.attach(instance["InstanceId"])
    assert spare.shown()["Attachment"]["Status"] == "attached"
    own.ec2.detach_network_interface(AttachmentId=attachment)
    assert spare.shown()["Status"] == "available"
    spare.attach(instance["InstanceId"])
    own.ec2.start_instances(InstanceIds=[instance["InstanceId"]])
    own.wait_state(instance["InstanceId"], "running")
    assert f"{spare.address}/24" in spare.login().wait().run("ip -4 addr show dev eth1")


def test_what_becomes_of_it_when_the_instance_ends(own: Guests, spare: Spare) -> None:
    one, two = (own.wait_state(each["InstanceId"], "running")["InstanceId"] for each in own.launch(2))
    spare.attach(one)
    spare.wait_attached()
    own.terminate(one)
    assert spare.shown()["Status"] == "available"
    attachment = spare.attach(two)
    own.ec2.modify_network_interface_attribute(
        NetworkInterfaceId=spare.id, Attachment={"AttachmentId": attachment, "DeleteOnTermination": True}
    )
    assert own.find(two)["NetworkInterfaces"][1]["Attachment"]["DeleteOnTermination"]
    spare.wait_attached()
    own.terminate(two)
    with pytest.raises(ClientError) as caught:
        spare.shown()
    assert code(caught) == "InvalidNetworkInterfaceID.NotFound"
    (address,) = own.ec2.describe_addresses(AllocationIds=[spare.allocation])["Addresses"]
    assert "AssociationId" not in address


def test_what_is_refused(own: Guests, spare: Spare, subnet: dict[str, Any]) -> None:
    ec2 = own.ec2
    instance = own.start()
    asked = {"InstanceId": instance["InstanceId"], "DeviceIndex": 1}

    def refusal(interface: str = spare.id, **changed: Any) -> tuple[str, str]:
        with pytest.raises(ClientError) as caught:
            ec2.attach_network_interface(**{**asked, "NetworkInterfaceId": interface, **changed})
        return code(caught), message(caught)

    def make(of: str) -> str:
        made = ec2.create_network_interface(SubnetId=of)["NetworkInterface"]["NetworkInterfaceId"]
        free.append(made)
        return str(made)

    free: list[str] = []
    assert refusal(DryRun=True)[0] == "DryRunOperation"
    assert spare.shown()["Status"] == "available"
    assert refusal("eni-0123456789abcdef0")[0] == "InvalidNetworkInterfaceID.NotFound"
    assert refusal(InstanceId="i-0123456789abcdef0")[0] == "InvalidInstanceID.NotFound"
    assert refusal(NetworkCardIndex=1)[0] == "InvalidParameterValue"
    assert refusal(DeviceIndex=-1)[0] == "InvalidParameterValue"
    assert refusal(EnaSrdSpecification={"EnaSrdEnabled": True})[0] == "UnsupportedOperation"
    taken = f"Instance '{instance['InstanceId']}' already has an interface attached at device index '0'."
    assert refusal(DeviceIndex=0) == ("InvalidParameterValue", taken)
    primary = instance["NetworkInterfaces"][0]
    in_use = f"Interface: [{primary['NetworkInterfaceId']}] in use."
    assert refusal(primary["NetworkInterfaceId"]) == ("InvalidNetworkInterface.InUse", in_use)
    zones = {each["AvailabilityZone"]: each["SubnetId"] for each in ec2.describe_subnets()["Subnets"]}
    elsewhere = next(of for zone, of in zones.items() if zone != subnet["AvailabilityZone"])
    assert refusal(make(elsewhere))[0] == "InvalidParameterCombination"
    other = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    there = ec2.create_subnet(VpcId=other, CidrBlock="10.0.0.0/24", AvailabilityZone=subnet["AvailabilityZone"])
    assert refusal(make(there["Subnet"]["SubnetId"]))[0] == "UnsupportedOperation"
    # A t3.nano has two at most.
    attachment = spare.attach(instance["InstanceId"])
    limit = "Interface count 3 exceeds the limit for t3.nano"
    assert refusal(make(subnet["SubnetId"]), DeviceIndex=2) == ("AttachmentLimitExceeded", limit)
    spare.wait_attached()
    with pytest.raises(ClientError) as caught:
        ec2.delete_network_interface(NetworkInterfaceId=spare.id)
    assert code(caught) == "InvalidNetworkInterface.InUse"

    for wrong, expected in (
        ("eni-attach-0123456789abcdef0", "InvalidAttachmentID.NotFound"),
        (spare.id, "InvalidNetworkInterfaceAttachmentId.Malformed"),
        (primary["Attachment"]["AttachmentId"], "OperationNotPermitted"),
    ):
        with pytest.raises(ClientError) as caught:
            ec2.detach_network_interface(AttachmentId=wrong)
        assert code(caught) == expected
    with pytest.raises(ClientError) as caught:
        ec2.modify_network_interface_attribute(
            NetworkInterfaceId=spare.id, Attachment={"AttachmentId": "eni-attach-0123456789abcdef0"}
        )
    assert code(caught) == "InvalidAttachmentID.NotFound"
    ec2.detach_network_interface(AttachmentId=attachment)
    spare.wait_available()
    for interface in free:
        ec2.delete_network_interface(NetworkInterfaceId=interface)
    ec2.delete_subnet(SubnetId=there["Subnet"]["SubnetId"])
    ec2.delete_vpc(VpcId=other)


@pytest.mark.timeout(600)
def test_a_virtual_machine_gets_one_while_it_runs(machines: None, own: Guests, spare: Spare) -> None:
    instance = own.start(TagSpecifications=tagged("instance", **{"aerolith:driver": "vm"}))
    shell = own.login(instance).wait(240)
    before = devices_in_vpc(own)
    attachment = spare.attach(instance["InstanceId"])
    shown = spare.wait_attached()
    # By DHCP; its answers leave by it.
    assert spare.login().wait(120).run("hostname") == shell.run("hostname")
    assert shown["MacAddress"] in shell.run("cat /sys/class/net/eth1/address")
    assert f"{spare.address}/24" in shell.run("ip -4 addr show dev eth1")
    own.server.kill()
    own.server.start()
    assert spare.login().wait().run("echo still here") == "still here"
    own.ec2.detach_network_interface(AttachmentId=attachment)
    spare.wait_available()
    assert shell.attempt("test -e /sys/class/net/eth1").returncode == 1
    wait_for("the tap to be gone", lambda: devices_in_vpc(own).count("\n") == before.count("\n"))
