"""The AWS CLI drives every operation of IAM and STS that is implemented; what each does in full is for the other tests."""

from __future__ import annotations

import base64
import io
import json
import os
import tomllib
import uuid
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from awscli.clidriver import create_clidriver
from botocore import xform_name

from tests.iam.conftest import ALLOW_ALL, TRUST_EC2
from tests.iam.totp import step_now, two_codes
from tools.harness.certificates import make_authority, openssl, self_signed
from tools.harness.clients import CommandLine
from tools.harness.identities import document
from tools.harness.oidc import Issuer
from tools.harness.saml import Idp
from tools.harness.server import REPOSITORY, Server

READ_ONLY = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
TAGS = [{"Key": "k", "Value": "v"}]


def as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


class Cli:
    """The program's own code, in this process: it takes a second to start, and 160 calls are to be made."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.driver = create_clidriver()
        self.driven: set[tuple[str, str]] = set()

    def __call__(self, service: str, operation: str, *switches: str, **named: Any) -> Any:
        arguments = [service, operation, *switches, "--output", "json"]
        for name, value in named.items():
            arguments += [f"--{name.replace('_', '-')}", as_text(value)]
        code, text = self.run(*arguments)
        assert code == 0, f"{' '.join(arguments)} ended with {code}\n{text}"
        self.driven.add((service, operation))
        return json.loads(text) if text.strip() else {}

    def run(self, *arguments: str) -> tuple[int, str]:
        said = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
        with redirect_stdout(said), redirect_stderr(said):
            code = self.driver.main(list(arguments))
        said.seek(0)
        return code, said.read()

    def iam(self, operation: str, *switches: str, **named: Any) -> Any:
        return self("iam", operation, *switches, **named)

    def sts(self, operation: str, *switches: str, **named: Any) -> Any:
        return self("sts", operation, *switches, **named)

    def file(self, name: str, text: str) -> str:
        (self.folder / name).write_text(text)
        return f"file://{self.folder / name}"


@pytest.fixture
def aws(server: Server, cli: CommandLine, tmp_path: Path) -> Iterator[Cli]:
    # awscli, when it is imported, says there where its data is.
    environment = cli.environment | {"AWS_DATA_PATH": os.environ["AWS_DATA_PATH"]}
    with mock.patch.dict(os.environ, environment, clear=True):
        yield Cli(tmp_path)


def fresh() -> str:
    return f"T-{uuid.uuid4().hex[:16]}"


def implemented(service: str) -> set[tuple[str, str]]:
    operations = tomllib.loads((REPOSITORY / "operations.toml").read_text())[service]["operations"]
    return {(service, xform_name(name, "-")) for name in operations}


def drive_users(aws: Cli) -> None:
    user, group = fresh(), fresh()
    policy = aws.iam("create-policy", policy_name=fresh(), policy_document=ALLOW_ALL)["Policy"]["Arn"]
    aws.iam("create-user", user_name=user, tags=TAGS)
    assert aws.iam("get-user", user_name=user)["User"]["UserName"] == user
    assert user in [u["UserName"] for u in aws.iam("list-users")["Users"]]
    aws.iam("update-user", user_name=user, new_path="/new/")
    aws.iam("create-group", group_name=group)
    aws.iam("update-group", group_name=group, new_path="/new/")
    aws.iam("add-user-to-group", group_name=group, user_name=user)
    assert [u["UserName"] for u in aws.iam("get-group", group_name=group)["Users"]] == [user]
    assert group in [g["GroupName"] for g in aws.iam("list-groups")["Groups"]]
    assert [g["GroupName"] for g in aws.iam("list-groups-for-user", user_name=user)["Groups"]] == [group]
    aws.iam("tag-user", user_name=user, tags=[{"Key": "l", "Value": "w"}])
    aws.iam("untag-user", "--tag-keys", "l", user_name=user)
    assert aws.iam("list-user-tags", user_name=user)["Tags"] == TAGS
    aws.iam("put-user-permissions-boundary", user_name=user, permissions_boundary=READ_ONLY)
    aws.iam("delete-user-permissions-boundary", user_name=user)
    drive_policies_of(aws, "user", user, policy)
    drive_policies_of(aws, "group", group, policy)
    drive_keys_of(aws, user)
    aws.iam("remove-user-from-group", group_name=group, user_name=user)
    aws.iam("delete-group", group_name=group)
    aws.iam("delete-user", user_name=user)
    aws.iam("delete-policy", policy_arn=policy)


def drive_policies_of(aws: Cli, kind: str, name: str, policy: str) -> None:
    """Inline and attached policies of a user, group or role."""
    who = {f"{kind}_name": name}
    aws.iam(f"put-{kind}-policy", policy_name="own", policy_document=ALLOW_ALL, **who)
    assert aws.iam(f"get-{kind}-policy", policy_name="own", **who)["PolicyDocument"] == json.loads(ALLOW_ALL)
    assert aws.iam(f"list-{kind}-policies", **who)["PolicyNames"] == ["own"]
    aws.iam(f"delete-{kind}-policy", policy_name="own", **who)
    aws.iam(f"attach-{kind}-policy", policy_arn=policy, **who)
    attached = aws.iam(f"list-attached-{kind}-policies", **who)["AttachedPolicies"]
    assert [one["PolicyArn"] for one in attached] == [policy]
    aws.iam("list-entities-for-policy", policy_arn=policy)
    aws.iam(f"detach-{kind}-policy", policy_arn=policy, **who)


def drive_keys_of(aws: Cli, user: str) -> None:
    key = aws.iam("create-access-key", user_name=user)["AccessKey"]["AccessKeyId"]
    aws.iam("update-access-key", user_name=user, access_key_id=key, status="Inactive")
    listed = aws.iam("list-access-keys", user_name=user)["AccessKeyMetadata"]
    assert [(one["AccessKeyId"], one["Status"]) for one in listed] == [(key, "Inactive")]
    assert aws.iam("get-access-key-last-used", access_key_id=key)["UserName"] == user
    aws.sts("get-access-key-info", access_key_id=key)
    aws.iam("delete-access-key", user_name=user, access_key_id=key)

    aws.iam("create-login-profile", user_name=user, password="First-word-of-1")
    aws.iam("update-login-profile", user_name=user, password="Second-word-of-2")
    aws.iam("get-login-profile", user_name=user)
    aws.iam("delete-login-profile", user_name=user)

    pem = aws.folder / "key.pem"
    key_file, certificate = self_signed(aws.folder, "signing")
    openssl("rsa", "-in", str(key_file), "-pubout", "-out", str(pem))
    ssh = aws.iam("upload-ssh-public-key", user_name=user, ssh_public_key_body=f"file://{pem}")["SSHPublicKey"]
    which = {"user_name": user, "ssh_public_key_id": ssh["SSHPublicKeyId"]}
    aws.iam("get-ssh-public-key", encoding="PEM", **which)
    aws.iam("update-ssh-public-key", status="Inactive", **which)
    assert len(aws.iam("list-ssh-public-keys", user_name=user)["SSHPublicKeys"]) == 1
    aws.iam("delete-ssh-public-key", **which)

    assert aws.iam("list-service-specific-credentials", user_name=user)["ServiceSpecificCredentials"] == []

    signing = aws.iam("upload-signing-certificate", user_name=user, certificate_body=f"file://{certificate}")
    which = {"user_name": user, "certificate_id": signing["Certificate"]["CertificateId"]}
    aws.iam("update-signing-certificate", status="Inactive", **which)
    assert len(aws.iam("list-signing-certificates", user_name=user)["Certificates"]) == 1
    aws.iam("delete-signing-certificate", **which)
    drive_mfa_of(aws, user)


def drive_mfa_of(aws: Cli, user: str) -> None:
    seed = aws.folder / "seed"
    made = aws.iam(
        "create-virtual-mfa-device",
        virtual_mfa_device_name=fresh(),
        outfile=str(seed),
        bootstrap_method="Base32StringSeed",
    )
    which = {"serial_number": made["VirtualMFADevice"]["SerialNumber"]}
    first = two_codes(seed.read_bytes(), step_now() - 3)
    second = two_codes(seed.read_bytes(), step_now() - 1)

    def codes(pair: dict[str, str]) -> dict[str, str]:
        return {
            "authentication_code1": pair["AuthenticationCode1"],
            "authentication_code2": pair["AuthenticationCode2"],
        }

    aws.iam("enable-mfa-device", user_name=user, **which, **codes(first))
    aws.iam("resync-mfa-device", user_name=user, **which, **codes(second))
    assert len(aws.iam("list-mfa-devices", user_name=user)["MFADevices"]) == 1
    aws.iam("get-mfa-device", **which)
    aws.iam("list-virtual-mfa-devices")
    drive_tags(aws, "mfa-device", "mfa-device", which)
    aws.iam("deactivate-mfa-device", user_name=user, **which)
    aws.iam("delete-virtual-mfa-device", **which)


def drive_tags(aws: Cli, kind: str, listed_as: str, which: dict[str, str]) -> None:
    aws.iam(f"tag-{kind}", tags=TAGS, **which)
    assert aws.iam(f"list-{listed_as}-tags", **which)["Tags"] == TAGS
    aws.iam(f"untag-{kind}", "--tag-keys", "k", **which)


def drive_roles(aws: Cli) -> None:
    role, profile = fresh(), fresh()
    policy = aws.iam("create-policy", policy_name=fresh(), policy_document=ALLOW_ALL)["Policy"]["Arn"]
    arn = aws.iam("create-role", role_name=role, assume_role_policy_document=TRUST_EC2)["Role"]["Arn"]
    aws.iam("get-role", role_name=role)
    assert role in [r["RoleName"] for r in aws.iam("list-roles")["Roles"]]
    aws.iam("update-role", role_name=role, max_session_duration="7200")
    told = aws.iam("update-role-description", role_name=role, description="ours")
    assert told["Role"]["Description"] == "ours"
    aws.iam("update-assume-role-policy", role_name=role, policy_document=TRUST_EC2)
    aws.iam("put-role-permissions-boundary", role_name=role, permissions_boundary=READ_ONLY)
    aws.iam("delete-role-permissions-boundary", role_name=role)
    drive_tags(aws, "role", "role", {"role_name": role})
    drive_policies_of(aws, "role", role, policy)
    which = {"instance_profile_name": profile}
    aws.iam("create-instance-profile", **which)
    aws.iam("add-role-to-instance-profile", role_name=role, **which)
    assert aws.iam("get-instance-profile", **which)["InstanceProfile"]["Roles"][0]["Arn"] == arn
    aws.iam("list-instance-profiles")
    assert len(aws.iam("list-instance-profiles-for-role", role_name=role)["InstanceProfiles"]) == 1
    drive_tags(aws, "instance-profile", "instance-profile", which)
    aws.iam("remove-role-from-instance-profile", role_name=role, **which)
    aws.iam("delete-instance-profile", **which)
    drive_reports_of(aws, arn)
    aws.iam("delete-role", role_name=role)
    drive_versions_of(aws, policy)
    linked = aws.iam("create-service-linked-role", aws_service_name="spot.amazonaws.com")["Role"]["RoleName"]
    task = aws.iam("delete-service-linked-role", role_name=linked)["DeletionTaskId"]
    assert aws.iam("get-service-linked-role-deletion-status", deletion_task_id=task)["Status"] == "SUCCEEDED"


def drive_reports_of(aws: Cli, arn: str) -> None:
    job = aws.iam("generate-service-last-accessed-details", arn=arn)["JobId"]
    aws.iam("get-service-last-accessed-details", job_id=job)
    aws.iam("get-service-last-accessed-details-with-entities", job_id=job, service_namespace="s3")
    aws.iam("list-policies-granting-service-access", arn=arn, service_namespaces=["s3"])
    asked = {"policy_source_arn": arn, "action_names": ["s3:GetObject"]}
    told = aws.iam("simulate-principal-policy", **asked)["EvaluationResults"]
    assert [one["EvalDecision"] for one in told] == ["implicitDeny"]
    aws.iam("get-context-keys-for-principal-policy", policy_source_arn=arn)
    told = aws.iam("simulate-custom-policy", policy_input_list=[ALLOW_ALL], action_names=["s3:GetObject"])
    assert [one["EvalDecision"] for one in told["EvaluationResults"]] == ["allowed"]
    aws.iam("get-context-keys-for-custom-policy", policy_input_list=[ALLOW_ALL])


def drive_versions_of(aws: Cli, policy: str) -> None:
    which = {"policy_arn": policy}
    aws.iam("create-policy-version", policy_document=ALLOW_ALL, **which)
    aws.iam("set-default-policy-version", version_id="v2", **which)
    assert aws.iam("get-policy-version", version_id="v2", **which)["PolicyVersion"]["IsDefaultVersion"]
    assert len(aws.iam("list-policy-versions", **which)["Versions"]) == 2
    aws.iam("delete-policy-version", version_id="v1", **which)
    drive_tags(aws, "policy", "policy", which)
    aws.iam("get-policy", **which)
    aws.iam("list-policies", scope="Local")
    aws.iam("delete-policy", **which)


def drive_account(aws: Cli) -> None:
    alias = fresh().lower()
    aws.iam("create-account-alias", account_alias=alias)
    assert aws.iam("list-account-aliases")["AccountAliases"] == [alias]
    aws.iam("delete-account-alias", account_alias=alias)
    aws.iam("update-account-password-policy", minimum_password_length="9")
    assert aws.iam("get-account-password-policy")["PasswordPolicy"]["MinimumPasswordLength"] == 9
    aws.iam("delete-account-password-policy")
    aws.iam("get-account-summary")
    aws.iam("get-account-authorization-details", filter=["User"])
    aws.iam("generate-credential-report")
    report = aws.iam("get-credential-report")["Content"]
    assert base64.b64decode(report).startswith(b"user,arn,")
    aws.iam("set-security-token-service-preferences", global_endpoint_token_version="v2Token")
    key, certificate = self_signed(aws.folder, "server")
    which = {"server_certificate_name": fresh()}
    body = {"certificate_body": f"file://{certificate}", "private_key": f"file://{key}"}
    aws.iam("upload-server-certificate", **body, **which)
    aws.iam("get-server-certificate", **which)
    aws.iam("list-server-certificates")
    drive_tags(aws, "server-certificate", "server-certificate", which)
    aws.iam("update-server-certificate", new_path="/new/", **which)
    aws.iam("delete-server-certificate", **which)


def drive_federation(aws: Cli, issuer: Issuer, thumbprint: str) -> None:
    made = aws.iam(
        "create-open-id-connect-provider", url=issuer.url, client_id_list=["our-app"], thumbprint_list=[thumbprint]
    )
    which = {"open_id_connect_provider_arn": made["OpenIDConnectProviderArn"]}
    aws.iam("get-open-id-connect-provider", **which)
    aws.iam("list-open-id-connect-providers")
    aws.iam("add-client-id-to-open-id-connect-provider", client_id="other", **which)
    aws.iam("remove-client-id-from-open-id-connect-provider", client_id="other", **which)
    aws.iam("update-open-id-connect-provider-thumbprint", thumbprint_list=[thumbprint], **which)
    drive_tags(aws, "open-id-connect-provider", "open-id-connect-provider", which)
    role = fresh()
    trust = document(
        {"Principal": {"Federated": which["open_id_connect_provider_arn"]}, "Action": "sts:AssumeRoleWithWebIdentity"}
    )
    arn = aws.iam("create-role", role_name=role, assume_role_policy_document=trust)["Role"]["Arn"]
    asked = {"role_arn": arn, "role_session_name": "one", "web_identity_token": issuer.token()}
    assert aws.sts("assume-role-with-web-identity", **asked)["AssumedRoleUser"]["Arn"].endswith(f"{role}/one")
    aws.iam("delete-role", role_name=role)
    aws.iam("delete-open-id-connect-provider", **which)

    idp, role = Idp(aws.folder), fresh()
    metadata = aws.file("metadata.xml", idp.metadata())
    provider = aws.iam("create-saml-provider", name=fresh(), saml_metadata_document=metadata)["SAMLProviderArn"]
    which = {"saml_provider_arn": provider}
    aws.iam("get-saml-provider", **which)
    aws.iam("list-saml-providers")
    aws.iam("update-saml-provider", saml_metadata_document=metadata, **which)
    drive_tags(aws, "saml-provider", "saml-provider", which)
    trust = document({"Principal": {"Federated": provider}, "Action": "sts:AssumeRoleWithSAML"})
    arn = aws.iam("create-role", role_name=role, assume_role_policy_document=trust)["Role"]["Arn"]
    posted = aws.file("response", idp.post(idp.response(arn, provider)))
    aws.sts("assume-role-with-saml", role_arn=arn, principal_arn=provider, saml_assertion=posted)
    aws.iam("delete-role", role_name=role)
    aws.iam("delete-saml-provider", **which)


def drive_sessions(aws: Cli) -> None:
    """As a user, who may assume roles, has a password to change, and is denied a call of EC2."""
    account, user, role = aws.sts("get-caller-identity")["Account"], fresh(), fresh()
    aws.sts("get-session-token")
    aws.sts("get-federation-token", name="bob")
    made = aws.iam("create-user", user_name=user)["User"]
    aws.iam("create-login-profile", user_name=user, password="First-word-of-1")
    rights = document({"Action": ["sts:*", "iam:ChangePassword", "iam:GetAccountPasswordPolicy"], "Resource": "*"})
    aws.iam("put-user-policy", user_name=user, policy_name="own", policy_document=rights)
    trust = document({"Principal": {"AWS": made["Arn"]}, "Action": "sts:AssumeRole"})
    arn = aws.iam("create-role", role_name=role, assume_role_policy_document=trust)["Role"]["Arn"]
    key = aws.iam("create-access-key", user_name=user)["AccessKey"]
    keys = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    aws.iam("enable-outbound-web-identity-federation")
    assert aws.iam("get-outbound-web-identity-federation-info")["JwtVendingEnabled"]
    with mock.patch.dict(os.environ, keys):
        own = Cli(aws.folder)
        assert own.sts("get-caller-identity")["Arn"] == made["Arn"]
        session = own.sts("assume-role", role_arn=arn, role_session_name="one")
        assert session["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{account}:assumed-role/{role}/one"
        audience = {"audience": "api.example.com", "signing_algorithm": "ES384"}
        assert own.sts("get-web-identity-token", **audience)["WebIdentityToken"].count(".") == 2
        own.iam("change-password", old_password="First-word-of-1", new_password="Second-word-of-2")
        code, told = own.run("ec2", "create-vpc", "--cidr-block", "10.1.0.0/16")
    aws.iam("disable-outbound-web-identity-federation")
    assert code != 0 and "UnauthorizedOperation" in told, told
    decoded = aws.sts("decode-authorization-message", encoded_message=told.split("message: ")[1].strip())
    assert json.loads(decoded["DecodedMessage"])["context"]["action"] == "ec2:CreateVpc"
    aws.driven |= own.driven
    aws.iam("delete-role", role_name=role)
    aws.iam("delete-access-key", user_name=user, access_key_id=key["AccessKeyId"])
    aws.iam("delete-login-profile", user_name=user)
    aws.iam("delete-user-policy", user_name=user, policy_name="own")
    aws.iam("delete-user", user_name=user)


def test_every_operation(aws: Cli, tmp_path: Path) -> None:
    drive_users(aws)
    drive_roles(aws)
    drive_account(aws)
    drive_sessions(aws)
    authority = make_authority(tmp_path)
    with Issuer(authority) as issuer:
        drive_federation(aws, issuer, authority.thumbprint)
    assert (implemented("iam") | implemented("sts")) - aws.driven == set()
