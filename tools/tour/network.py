"""The tour's own network: a VPC with a public and a private subnet, and the role of the instances in it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tools.harness.clients import boto_client
from tools.harness.instances import Guests, Login

ROLE = "tour-instance"
CIDR, PUBLIC, PRIVATE = "10.20.0.0/16", "10.20.1.0/24", "10.20.2.0/24"


@dataclass
class JumpLogin(Login):
    """To a guest without a public address, through one that has one: `ssh -J`, with our key and no known hosts."""

    through: Login | None = None

    def arguments(self, *command: str) -> list[str]:
        assert self.through
        jump = " ".join(self.through.arguments()[:-1]) + f" -W %h:%p {self.through.user}@{self.through.address}"
        arguments = super().arguments(*command)
        return [arguments[0], "-o", f"ProxyCommand={jump}", *arguments[1:]]


class Network:
    """Made at once; remove() takes all of it away, when the instances in it are gone."""

    def __init__(self, guests: Guests) -> None:
        self.guests, self.ec2 = guests, guests.ec2
        self.vpc = str(self.ec2.create_vpc(CidrBlock=CIDR)["Vpc"]["VpcId"])
        self.zone = str(self.ec2.describe_availability_zones()["AvailabilityZones"][0]["ZoneName"])
        self.public, self.private = self._make_subnet(PUBLIC), self._make_subnet(PRIVATE)
        self.gateway = str(self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"])
        self.ec2.attach_internet_gateway(InternetGatewayId=self.gateway, VpcId=self.vpc)
        self.public_table, self.private_table = self._make_table(self.public), self._make_table(self.private)
        self.ec2.create_route(RouteTableId=self.public_table, DestinationCidrBlock="0.0.0.0/0", GatewayId=self.gateway)
        self.ec2.modify_subnet_attribute(SubnetId=self.public, MapPublicIpOnLaunch={"Value": True})
        # The private subnet's only way to anything: S3, and nothing else.
        service = f"com.amazonaws.{self.ec2.meta.region_name}.s3"
        made = self.ec2.create_vpc_endpoint(VpcId=self.vpc, ServiceName=service, RouteTableIds=[self.private_table])
        self.endpoint = str(made["VpcEndpoint"]["VpcEndpointId"])
        guests.vpc = self.vpc
        self.outer, self.inner = guests.make_group("from-outside"), guests.make_group("from-the-public-subnet")
        guests.allow(self.outer, 22, "0.0.0.0/0")
        guests.allow(self.inner, 22, group=self.outer)

    def _make_subnet(self, cidr: str) -> str:
        made = self.ec2.create_subnet(VpcId=self.vpc, CidrBlock=cidr, AvailabilityZone=self.zone)
        return str(made["Subnet"]["SubnetId"])

    def _make_table(self, subnet: str) -> str:
        table = str(self.ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"])
        self.ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
        return table

    def remove(self) -> None:
        self.ec2.delete_vpc_endpoints(VpcEndpointIds=[self.endpoint])
        for group in (self.inner, self.outer):  # the inner one names the outer one
            self.ec2.delete_security_group(GroupId=group)
        for subnet in (self.public, self.private):
            self.ec2.delete_subnet(SubnetId=subnet)
        for table in (self.public_table, self.private_table):
            self.ec2.delete_route_table(RouteTableId=table)
        self.ec2.detach_internet_gateway(InternetGatewayId=self.gateway, VpcId=self.vpc)
        self.ec2.delete_internet_gateway(InternetGatewayId=self.gateway)
        self.ec2.delete_vpc(VpcId=self.vpc)


class InstanceRole:
    """May read the tour's bucket and write results there; in an instance profile of its name."""

    def __init__(self, guests: Guests, bucket: str) -> None:
        self.iam = boto_client(guests.server, "iam")
        self.names: dict[str, Any] = {"RoleName": ROLE}
        self._make(bucket)

    def _make(self, bucket: str) -> None:
        trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}
        rights = [
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"},
            {"Effect": "Allow", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket}/results/*"},
        ]
        document = {"Version": "2012-10-17", "Statement": [trust]}
        self.iam.create_role(**self.names, AssumeRolePolicyDocument=json.dumps(document))
        document = {"Version": "2012-10-17", "Statement": rights}
        self.iam.put_role_policy(**self.names, PolicyName="data", PolicyDocument=json.dumps(document))
        self.iam.create_instance_profile(InstanceProfileName=ROLE)
        self.iam.add_role_to_instance_profile(**self.names, InstanceProfileName=ROLE)

    def remove(self) -> None:
        self.iam.remove_role_from_instance_profile(**self.names, InstanceProfileName=ROLE)
        self.iam.delete_instance_profile(InstanceProfileName=ROLE)
        self.iam.delete_role_policy(**self.names, PolicyName="data")
        self.iam.delete_role(**self.names)
