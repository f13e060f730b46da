"""What changes about an instance that runs: its IAM profile, its CPU credits."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.ec2.conftest import code, message
from tools.harness.clients import boto_client
from tools.harness.expect import api_error
from tools.harness.identities import make_user, policy_of, remove_user, with_keys
from tools.harness.instances import Guests
from tools.harness.server import Server


@pytest.fixture(scope="module")
def profiles(cloud: Server) -> Iterator[list[str]]:
    iam = boto_client(cloud, "iam")
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    }
    names = ["audit-one", "audit-two"]
    for name in names:
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
        iam.create_instance_profile(InstanceProfileName=name)
        iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
    yield names
    for name in names:
        iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=name)
        iam.delete_instance_profile(InstanceProfileName=name)
        iam.delete_role(RoleName=name)


def test_a_profile_comes_changes_and_goes(guests: Guests, guest: dict[str, Any], profiles: list[str]) -> None:
    ec2, instance = guests.ec2, guest["InstanceId"]
    look = "wget -q -O - http://169.254.169.254/latest/meta-data/iam/security-credentials/"
    shell = guests.login(guest)
    made = ec2.associate_iam_instance_profile(InstanceId=instance, IamInstanceProfile={"Name": profiles[0]})
    association = made["IamInstanceProfileAssociation"]
    assert association["InstanceId"] == instance
    assert shell.run(look) == profiles[0]
    credentials = json.loads(shell.run(look + profiles[0]))
    assert (credentials["Code"], credentials["AccessKeyId"][:4]) == ("Success", "ASIA")
    role = boto_client(
        guests.server,
        "sts",
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["Token"],
    )
    assert role.get_caller_identity()["Arn"].endswith(f":assumed-role/{profiles[0]}/{instance}")
    with pytest.raises(ClientError) as caught:
        ec2.associate_iam_instance_profile(InstanceId=instance, IamInstanceProfile={"Name": profiles[1]})
    assert code(caught) == "IncorrectState"
    replaced = ec2.replace_iam_instance_profile_association(
        AssociationId=association["AssociationId"], IamInstanceProfile={"Name": profiles[1]}
    )["IamInstanceProfileAssociation"]
    assert shell.run(look) == profiles[1]
    assert replaced["AssociationId"] != association["AssociationId"]
    with pytest.raises(ClientError) as caught:
        ec2.disassociate_iam_instance_profile(AssociationId=association["AssociationId"])
    assert code(caught) == "InvalidAssociationID.NotFound"
    assert guests.find(instance)["IamInstanceProfile"]["Arn"].endswith(f"instance-profile/{profiles[1]}")
    (seen,) = ec2.describe_iam_instance_profile_associations(AssociationIds=[replaced["AssociationId"]])[
        "IamInstanceProfileAssociations"
    ]
    assert seen["State"] == "associated"
    ec2.disassociate_iam_instance_profile(AssociationId=replaced["AssociationId"])
    assert "IamInstanceProfile" not in guests.find(instance)
    assert shell.attempt(look).returncode != 0
    for association_id in (replaced["AssociationId"], "iip-assoc-00000000000000000", "x"):
        with pytest.raises(ClientError) as caught:
            ec2.disassociate_iam_instance_profile(AssociationId=association_id)
        assert code(caught) == "InvalidAssociationID.NotFound"
    with pytest.raises(ClientError) as caught:
        ec2.associate_iam_instance_profile(InstanceId=instance, IamInstanceProfile={"Name": "nobody"})
    assert code(caught) == "InvalidParameterValue"


def test_to_give_a_profile_is_to_pass_its_role(
    cloud: Server, guests: Guests, guest: dict[str, Any], profiles: list[str]
) -> None:
    iam, name = boto_client(cloud, "iam"), f"user-{uuid.uuid4().hex[:12]}"
    user = make_user(iam, name)
    limited = with_keys(cloud, "ec2", user)
    wanted = {"InstanceId": guest["InstanceId"], "IamInstanceProfile": {"Name": profiles[0]}}

    def may(*statements: dict[str, Any]) -> None:
        iam.put_user_policy(UserName=name, PolicyName="rights", PolicyDocument=policy_of(*statements))

    may({"Action": "ec2:*"})
    with api_error("UnauthorizedOperation", 403) as caught:
        limited.associate_iam_instance_profile(**wanted)
    assert f":role/{profiles[0]} " in message(caught)
    assert "IamInstanceProfile" not in guests.find(guest["InstanceId"])
    arn = iam.get_instance_profile(InstanceProfileName=profiles[0])["InstanceProfile"]["Arn"]
    only = {"Condition": {"ArnEquals": {"ec2:NewInstanceProfile": arn}}}
    may({"Action": "ec2:*"} | only, {"Action": "iam:PassRole"})
    with api_error("UnauthorizedOperation", 403):
        limited.associate_iam_instance_profile(**wanted | {"IamInstanceProfile": {"Name": profiles[1]}})
    made = limited.associate_iam_instance_profile(**wanted)["IamInstanceProfileAssociation"]
    guests.ec2.disassociate_iam_instance_profile(AssociationId=made["AssociationId"])
    remove_user(iam, name)


def test_a_guest_of_linux_has_no_password(guests: Guests, guest: dict[str, Any]) -> None:
    assert guests.ec2.get_password_data(InstanceId=guest["InstanceId"])["PasswordData"] == ""


def test_credits_change(guests: Guests, guest: dict[str, Any]) -> None:
    ec2, instance = guests.ec2, guest["InstanceId"]
    answer = ec2.modify_instance_credit_specification(
        InstanceCreditSpecifications=[
            {"InstanceId": instance, "CpuCredits": "standard"},
            {"InstanceId": "i-00000000", "CpuCredits": "standard"},
        ]
    )
    assert [each["InstanceId"] for each in answer["SuccessfulInstanceCreditSpecifications"]] == [instance]
    (refused,) = answer["UnsuccessfulInstanceCreditSpecifications"]
    assert refused["Error"]["Code"] == "InvalidInstanceID.NotFound"
    (seen,) = ec2.describe_instance_credit_specifications(InstanceIds=[instance])["InstanceCreditSpecifications"]
    assert seen["CpuCredits"] == "standard"
