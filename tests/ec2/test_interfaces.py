"""Network interfaces, Elastic IPs, key pairs, launch templates: what stands without an instance."""

from __future__ import annotations

import ipaddress
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.ec2.conftest import code


def test_an_interface_takes_addresses_and_gives_them_back(ec2: Any, subnet: str) -> None:
    free = ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["AvailableIpAddressCount"]
    assert free == 251
    made = ec2.create_network_interface(SubnetId=subnet, PrivateIpAddress="10.0.1.10", Description="mine")
    interface = made["NetworkInterface"]
    assert interface["PrivateIpAddress"] == "10.0.1.10" and interface["Status"] == "available"
    assert interface["PrivateDnsName"] == "ip-10-0-1-10.ec2.internal"
    with pytest.raises(ClientError) as caught:
        ec2.create_network_interface(SubnetId=subnet, PrivateIpAddress="10.0.1.10")
    assert code(caught) == "InvalidIPAddress.InUse"
    with pytest.raises(ClientError) as caught:
        ec2.create_network_interface(SubnetId=subnet, PrivateIpAddress="10.0.1.2")
    assert code(caught) == "InvalidParameterValue"
    more = ec2.assign_private_ip_addresses(
        NetworkInterfaceId=interface["NetworkInterfaceId"], SecondaryPrivateIpAddressCount=2
    )["AssignedPrivateIpAddresses"]
    assert len(more) == 2
    assert ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["AvailableIpAddressCount"] == free - 3
    with pytest.raises(ClientError) as caught:
        ec2.delete_subnet(SubnetId=subnet)
    assert code(caught) == "DependencyViolation"
    ec2.modify_network_interface_attribute(
        NetworkInterfaceId=interface["NetworkInterfaceId"], SourceDestCheck={"Value": False}
    )
    ec2.delete_network_interface(NetworkInterfaceId=interface["NetworkInterfaceId"])
    assert ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["AvailableIpAddressCount"] == free


def test_a_secondary_address_moves_to_another_interface(ec2: Any, vpc: str, subnet: str) -> None:
    """And its Elastic IP with it, as failover scripts have it."""
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    one, two = (ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"] for _ in range(2))
    first, second = one["NetworkInterfaceId"], two["NetworkInterfaceId"]
    wanted = {"PrivateIpAddresses": ["10.0.1.100"]}
    ec2.assign_private_ip_addresses(NetworkInterfaceId=first, **wanted)
    elastic = ec2.allocate_address(Domain="vpc")["AllocationId"]
    ec2.associate_address(AllocationId=elastic, NetworkInterfaceId=first, PrivateIpAddress="10.0.1.100")

    def addresses(interface: str) -> set[str]:
        (seen,) = ec2.describe_network_interfaces(NetworkInterfaceIds=[interface])["NetworkInterfaces"]
        return {each["PrivateIpAddress"] for each in seen["PrivateIpAddresses"]}

    with pytest.raises(ClientError) as caught:
        ec2.assign_private_ip_addresses(NetworkInterfaceId=second, **wanted)
    assert code(caught) == "InvalidIPAddress.InUse"
    for _ in range(2):
        ec2.assign_private_ip_addresses(NetworkInterfaceId=second, AllowReassignment=True, **wanted)
        assert addresses(first) == {one["PrivateIpAddress"]}
        assert addresses(second) == {two["PrivateIpAddress"], "10.0.1.100"}
    (seen,) = ec2.describe_addresses(AllocationIds=[elastic])["Addresses"]
    assert (seen["NetworkInterfaceId"], seen["PrivateIpAddress"]) == (second, "10.0.1.100")
    # A primary one stays.
    with pytest.raises(ClientError) as caught:
        ec2.assign_private_ip_addresses(
            NetworkInterfaceId=second, AllowReassignment=True, PrivateIpAddresses=[one["PrivateIpAddress"]]
        )
    assert code(caught) == "InvalidIPAddress.InUse"
    ec2.disassociate_address(AssociationId=seen["AssociationId"])
    ec2.release_address(AllocationId=elastic)


def test_an_elastic_ip_on_an_interface(ec2: Any, vpc: str, subnet: str) -> None:
    address = ec2.allocate_address(Domain="vpc")
    assert ipaddress.ip_address(address["PublicIp"]) in ipaddress.ip_network("198.18.0.0/16")
    interface = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    with pytest.raises(ClientError) as caught:
        ec2.associate_address(AllocationId=address["AllocationId"], NetworkInterfaceId=interface)
    assert code(caught) == "Gateway.NotAttached"
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    association = ec2.associate_address(AllocationId=address["AllocationId"], NetworkInterfaceId=interface)
    (shown,) = ec2.describe_network_interfaces(NetworkInterfaceIds=[interface])["NetworkInterfaces"]
    assert shown["Association"]["PublicIp"] == address["PublicIp"]
    (mine,) = ec2.describe_addresses(PublicIps=[address["PublicIp"]])["Addresses"]
    assert mine["AssociationId"] == association["AssociationId"] and mine["NetworkInterfaceId"] == interface
    with pytest.raises(ClientError) as caught:
        ec2.release_address(AllocationId=address["AllocationId"])
    assert code(caught) == "InvalidIPAddress.InUse"
    with pytest.raises(ClientError) as caught:
        ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    assert code(caught) == "DependencyViolation"
    ec2.disassociate_address(AssociationId=association["AssociationId"])
    ec2.release_address(AllocationId=address["AllocationId"])
    with pytest.raises(ClientError) as caught:
        ec2.describe_addresses(AllocationIds=[address["AllocationId"]])
    assert code(caught) == "InvalidAllocationID.NotFound"


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_a_key_pair_is_one_that_openssh_takes(ec2: Any, tmp_path: Path, name: Callable[[], str], kind: str) -> None:
    key = ec2.create_key_pair(KeyName=name(), KeyType=kind)
    file = tmp_path / "key"
    file.write_text(key["KeyMaterial"])
    file.chmod(0o600)
    public = subprocess.run(["ssh-keygen", "-y", "-f", file], check=True, capture_output=True, text=True).stdout
    (shown,) = ec2.describe_key_pairs(KeyNames=[key["KeyName"]], IncludePublicKey=True)["KeyPairs"]
    assert shown["PublicKey"].split()[:2] == public.split()[:2]
    assert shown["KeyFingerprint"] == key["KeyFingerprint"] and shown["KeyType"] == kind
    if kind == "rsa":
        der = subprocess.run(
            ["openssl", "pkcs8", "-in", file, "-nocrypt", "-topk8", "-outform", "DER"], check=True, capture_output=True
        ).stdout
        digest = subprocess.run(["openssl", "sha1", "-c"], input=der, check=True, capture_output=True).stdout.decode()
        assert digest.strip().endswith(key["KeyFingerprint"])
    imported = ec2.import_key_pair(KeyName=name(), PublicKeyMaterial=public.encode())
    if kind == "ed25519":
        assert imported["KeyFingerprint"] == key["KeyFingerprint"]
    (tmp_path / "key.pub").write_text(public)
    command = ["ssh-keygen", "-e", "-m", "RFC4716", "-f", tmp_path / "key.pub"]
    rfc4716 = subprocess.run(command, check=True, capture_output=True).stdout
    again = ec2.import_key_pair(KeyName=name(), PublicKeyMaterial=rfc4716)
    assert again["KeyFingerprint"] == imported["KeyFingerprint"]
    ec2.delete_key_pair(KeyName=again["KeyName"])
    with pytest.raises(ClientError) as caught:
        ec2.import_key_pair(KeyName=key["KeyName"], PublicKeyMaterial=public.encode())
    assert code(caught) == "InvalidKeyPair.Duplicate"
    for made in (key, imported):
        ec2.delete_key_pair(KeyName=made["KeyName"])
    with pytest.raises(ClientError) as caught:
        ec2.describe_key_pairs(KeyNames=[key["KeyName"]])
    assert code(caught) == "InvalidKeyPair.NotFound"


def test_what_is_no_key(ec2: Any) -> None:
    with pytest.raises(ClientError) as caught:
        ec2.import_key_pair(KeyName="bad", PublicKeyMaterial=b"ssh-rsa AAAA")
    assert code(caught) == "InvalidKey.Format"


def test_launch_templates(ec2: Any, name: Callable[[], str]) -> None:
    made = ec2.create_launch_template(
        LaunchTemplateName=name() + "-template",
        LaunchTemplateData={"InstanceType": "t3.micro", "UserData": "IyEvYmluL3No"},
    )["LaunchTemplate"]
    assert made["LatestVersionNumber"] == 1
    identity = {"LaunchTemplateId": made["LaunchTemplateId"]}
    version = ec2.create_launch_template_version(
        **identity, SourceVersion="1", LaunchTemplateData={"InstanceType": "t3.small"}
    )["LaunchTemplateVersion"]
    assert version["VersionNumber"] == 2
    assert version["LaunchTemplateData"] == {"InstanceType": "t3.small", "UserData": "IyEvYmluL3No"}
    ec2.modify_launch_template(**identity, DefaultVersion="2")
    (latest,) = ec2.describe_launch_template_versions(**identity, Versions=["$Default"])["LaunchTemplateVersions"]
    assert latest["DefaultVersion"] and latest["VersionNumber"] == 2
    with pytest.raises(ClientError) as caught:
        ec2.describe_launch_template_versions(**identity, Versions=["9"])
    assert code(caught) == "InvalidLaunchTemplateId.VersionNotFound"
    ec2.delete_launch_template(**identity)
    with pytest.raises(ClientError) as caught:
        ec2.describe_launch_templates(LaunchTemplateIds=[made["LaunchTemplateId"]])
    assert code(caught) == "InvalidLaunchTemplateId.NotFound"


def test_instance_types(ec2: Any) -> None:
    (small,) = ec2.describe_instance_types(InstanceTypes=["t3.small"])["InstanceTypes"]
    assert small["VCpuInfo"]["DefaultVCpus"] == 2 and small["MemoryInfo"]["SizeInMiB"] == 2048
    burstable = ec2.describe_instance_types(Filters=[{"Name": "burstable-performance-supported", "Values": ["true"]}])[
        "InstanceTypes"
    ]
    assert {each["InstanceType"].split(".")[0] for each in burstable} == {"t2", "t3", "t3a"}


def test_instances_where_there_is_nothing_to_run_them(ec2: Any) -> None:
    with pytest.raises(ClientError) as caught:
        ec2.run_instances(ImageId="ami-00000000", MinCount=1, MaxCount=1)
    assert code(caught) == "InvalidAMIID.NotFound"
    with pytest.raises(ClientError) as caught:
        ec2.describe_instances(InstanceIds=["nonsense"])
    assert code(caught) == "InvalidInstanceID.Malformed"
    assert ec2.describe_instances()["Reservations"] == []
