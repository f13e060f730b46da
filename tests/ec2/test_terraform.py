"""Terraform's AWS provider: apply, an empty plan, a change, destroy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tools.harness.clients import boto_client
from tools.harness.instances import Guests
from tools.harness.server import Server
from tools.harness.terraform import Terraform, make_terraform, what_terraform_lacks

STACKS = Path(__file__).parent / "stacks"


def made(server: Server, folder: Path) -> Terraform:
    if lacks := what_terraform_lacks():
        pytest.skip(lacks)
    return make_terraform(server, folder)


NETWORK = """
resource "aws_vpc" "main" {
  cidr_block           = "10.7.0.0/16"
  enable_dns_hostnames = true
  tags                 = { Name = "terraform", Stage = var.stage }
}
resource "aws_subnet" "one" {
  vpc_id                  = aws_vpc.main.id
  cidr_block              = "10.7.1.0/24"
  availability_zone       = "us-east-1a"
  map_public_ip_on_launch = true
}
resource "aws_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id
}
resource "aws_route_table" "main" {
  vpc_id = aws_vpc.main.id
  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.main.id
  }
}
resource "aws_route_table_association" "one" {
  subnet_id      = aws_subnet.one.id
  route_table_id = aws_route_table.main.id
}
resource "aws_security_group" "web" {
  name        = "web"
  description = "what comes in"
  vpc_id      = aws_vpc.main.id
  ingress {
    description = "http"
    from_port   = 80
    to_port     = 80
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
  ingress {
    from_port = 0
    to_port   = 0
    protocol  = "-1"
    self      = true
  }
  egress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }
}
resource "aws_vpc_security_group_ingress_rule" "ssh" {
  security_group_id = aws_security_group.bare.id
  cidr_ipv4         = "10.0.0.0/8"
  ip_protocol       = "tcp"
  from_port         = 22
  to_port           = 22
}
resource "aws_security_group" "bare" {
  name   = "bare"
  vpc_id = aws_vpc.main.id
}
resource "aws_network_acl" "main" {
  vpc_id     = aws_vpc.main.id
  subnet_ids = [aws_subnet.one.id]
  ingress {
    protocol   = "tcp"
    rule_no    = 100
    action     = "allow"
    cidr_block = "10.0.0.0/8"
    from_port  = 80
    to_port    = 80
  }
  egress {
    protocol   = "-1"
    rule_no    = 100
    action     = "allow"
    cidr_block = "0.0.0.0/0"
    from_port  = 0
    to_port    = 0
  }
}
resource "aws_eip" "nat" {
  domain = "vpc"
}
resource "aws_nat_gateway" "main" {
  allocation_id = aws_eip.nat.id
  subnet_id     = aws_subnet.one.id
  depends_on    = [aws_internet_gateway.main]
}
resource "aws_key_pair" "mine" {
  key_name   = "terraform"
  public_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJf5lUjGhtZFYX7EGDPWBWwVmcVHeYuZSmk7WQAWjh5u someone"
}
resource "aws_launch_template" "web" {
  name          = "terraform"
  instance_type = "t3.micro"
  key_name      = aws_key_pair.mine.key_name
  user_data     = base64encode("#!/bin/sh")
  metadata_options {
    http_tokens   = "required"
    http_endpoint = "enabled"
  }
  tag_specifications {
    resource_type = "instance"
    tags          = { Name = "from a template" }
  }
}
resource "aws_vpc_endpoint" "s3" {
  vpc_id          = aws_vpc.main.id
  service_name    = "com.amazonaws.us-east-1.s3"
  route_table_ids = [aws_route_table.main.id]
}
"""

FLOW_LOG = """
resource "aws_vpc" "main" {
  cidr_block = "10.8.0.0/16"
}
resource "aws_flow_log" "main" {
  vpc_id                   = aws_vpc.main.id
  traffic_type             = "ALL"
  log_destination_type     = "s3"
  log_destination          = "arn:aws:s3:::terraform-flows/lab/"
  max_aggregation_interval = 60
  log_format               = "$${version} $${vpc-id} $${srcaddr} $${action}"
  tags                     = { Stage = var.stage }
  destination_options {
    file_format                = "plain-text"
    hive_compatible_partitions = true
    per_hour_partition         = true
  }
}
"""


@pytest.fixture
def terraform(server: Server, tmp_path: Path) -> Terraform:
    return made(server, tmp_path)


@pytest.mark.timeout(1200)
def test_a_network(terraform: Terraform, ec2: Any) -> None:
    (terraform.folder / "main.tf").write_text(NETWORK)
    before = len(ec2.describe_vpcs()["Vpcs"])
    try:
        terraform.run("apply", "-auto-approve", "-no-color")
        assert terraform.plan_is_empty()
        terraform.run("apply", "-auto-approve", "-no-color", "-var=stage=two")
        (vpc,) = ec2.describe_vpcs(Filters=[{"Name": "tag:Stage", "Values": ["two"]}])["Vpcs"]
        assert vpc["CidrBlock"] == "10.7.0.0/16"
    finally:
        terraform.run("destroy", "-auto-approve", "-no-color", "-var=stage=two")
    assert len(ec2.describe_vpcs()["Vpcs"]) == before
    assert terraform.state() == []
    assert ec2.describe_addresses()["Addresses"] == []


ATTACHED = """
resource "aws_vpc" "main" {
  cidr_block = "10.8.0.0/16"
}
resource "aws_subnet" "one" {
  vpc_id            = aws_vpc.main.id
  cidr_block        = "10.8.1.0/24"
  availability_zone = "us-east-1a"
}
resource "aws_subnet" "two" {
  vpc_id            = aws_vpc.main.id
  cidr_block        = "10.8.2.0/24"
  availability_zone = "us-east-1a"
}
resource "aws_instance" "one" {
  ami           = "IMAGE"
  instance_type = "t3.nano"
  subnet_id     = aws_subnet.one.id
}
resource "aws_network_interface" "spare" {
  subnet_id   = aws_subnet.two.id
  private_ips = ["10.8.2.20"]
  tags        = { Stage = var.stage }
}
resource "aws_network_interface_attachment" "spare" {
  instance_id          = aws_instance.one.id
  network_interface_id = aws_network_interface.spare.id
  device_index         = 1
}
"""


@pytest.mark.timeout(600)
def test_a_flow_log(terraform: Terraform, server: Server, ec2: Any) -> None:
    boto_client(server, "s3").create_bucket(Bucket="terraform-flows")
    (terraform.folder / "main.tf").write_text(FLOW_LOG)
    try:
        terraform.run("apply", "-auto-approve", "-no-color")
        assert terraform.plan_is_empty()
        terraform.run("apply", "-auto-approve", "-no-color", "-var=stage=two")
        (log,) = ec2.describe_flow_logs(Filters=[{"Name": "tag:Stage", "Values": ["two"]}])["FlowLogs"]
        assert log["LogFormat"] == "${version} ${vpc-id} ${srcaddr} ${action}"
    finally:
        terraform.run("destroy", "-auto-approve", "-no-color", "-var=stage=two")
    assert terraform.state() == []
    assert ec2.describe_flow_logs()["FlowLogs"] == []


@pytest.mark.timeout(1200)
def test_an_interface_of_an_instance(guests: Guests, tmp_path: Path) -> None:
    terraform = made(guests.server, tmp_path)
    (terraform.folder / "main.tf").write_text(ATTACHED.replace("IMAGE", guests.image))
    inside = [{"Name": "private-ip-address", "Values": ["10.8.2.20"]}]
    try:
        terraform.run("apply", "-auto-approve", "-no-color")
        assert terraform.plan_is_empty()
        (interface,) = guests.ec2.describe_network_interfaces(Filters=inside)["NetworkInterfaces"]
        assert interface["Attachment"]["Status"] == "attached" and interface["Attachment"]["DeviceIndex"] == 1
        terraform.run("apply", "-auto-approve", "-no-color", "-var=stage=two")
        assert guests.ec2.describe_network_interfaces(Filters=inside)["NetworkInterfaces"][0]["TagSet"] == [
            {"Key": "Stage", "Value": "two"}
        ]
    finally:
        terraform.run("destroy", "-auto-approve", "-no-color", "-var=stage=two")
    assert guests.ec2.describe_network_interfaces(Filters=inside)["NetworkInterfaces"] == []
    assert terraform.state() == []


def left_in(ec2: Any) -> Iterator[str]:
    """What the default VPC doesn't bring along."""
    for vpc in ec2.describe_vpcs()["Vpcs"]:
        if not vpc["IsDefault"]:
            yield vpc["VpcId"]
    for address in ec2.describe_addresses()["Addresses"]:
        yield address["PublicIp"]
    for interface in ec2.describe_network_interfaces()["NetworkInterfaces"]:
        yield interface["NetworkInterfaceId"]
    for listed in ec2.describe_prefix_lists()["PrefixLists"]:
        if not listed["PrefixListName"].startswith("com.amazonaws."):
            yield listed["PrefixListId"]
    for template in ec2.describe_launch_templates()["LaunchTemplates"]:
        yield template["LaunchTemplateId"]
    for volume in ec2.describe_volumes()["Volumes"]:
        yield volume["VolumeId"]
    for snapshot in ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]:
        yield snapshot["SnapshotId"]
    for image in ec2.describe_images(Owners=["self"])["Images"]:
        yield image["ImageId"]


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    "stack",
    ["network", "edges", "instances", "volumes", "images", "encryption", "placement", "settings"],
)
def test_a_whole_stack(guests: Guests, tmp_path: Path, stack: str) -> None:
    """Shaped as the modules that people use: all kinds of a network's resources and data sources; instances;
    volumes with their snapshots and images; what of these is encrypted; where instances are placed; what an account says of a region."""
    terraform = made(guests.server, tmp_path)
    (terraform.folder / "main.tf").write_text((STACKS / stack / "main.tf").read_text())
    before = set(left_in(guests.ec2))
    try:
        terraform.run("apply", "-auto-approve", "-no-color")
        assert terraform.plan_is_empty()
        terraform.run("apply", "-auto-approve", "-no-color", "-var=stage=two")
        assert terraform.plan_is_empty("-var=stage=two")
    finally:
        terraform.run("destroy", "-auto-approve", "-no-color", "-var=stage=two")
    assert terraform.state() == []
    assert set(left_in(guests.ec2)) == before
