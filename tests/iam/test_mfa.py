"""Virtual MFA devices: made, enabled by two codes, and asked for by policies.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from tests.iam.conftest import message
from tests.iam.totp import code, step_now, two_codes
from tools.harness.clients import CommandLine
from tools.harness.expect import api_error
from tools.harness.identities import with_keys

Name = Callable[[], str]


@pytest.fixture
def device(iam: Any, name: Name) -> dict[str, Any]:
    return dict(iam.create_virtual_mfa_device(VirtualMFADeviceName=name())["VirtualMFADevice"])


def enable(iam: Any, user: str, device: dict[str, Any], first: int | None = None) -> int:
    """The step of the second code."""
    at = step_now() - 3 if first is None else first
    codes = two_codes(device["Base32StringSeed"], at)
    iam.enable_mfa_device(UserName=user, SerialNumber=device["SerialNumber"], **codes)
    return at + 1


def png_rows(png: bytes) -> list[bytes]:
    """Rows of a picture of one bit a pixel; checks the form of the file on the way."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    at, data, side = 8, b"", 0
    while at < len(png):
        size, kind = struct.unpack(">I4s", png[at : at + 8])
        body = png[at + 8 : at + 8 + size]
        (check,) = struct.unpack(">I", png[at + 8 + size : at + 12 + size])
        assert zlib.crc32(kind + body) == check
        if kind == b"IHDR":
            side, height, depth, color = struct.unpack(">IIBB", body[:10])
            assert (height, depth, color) == (side, 1, 0)
        data += body if kind == b"IDAT" else b""
        at += 12 + size
    raw = zlib.decompress(data)
    row = 1 + (side + 7) // 8
    assert len(raw) == row * side and all(raw[i] == 0 for i in range(0, len(raw), row))
    return [raw[i + 1 : i + row] for i in range(0, len(raw), row)]


def test_a_new_device(iam: Any, device: dict[str, Any], account: str) -> None:
    assert device["SerialNumber"].startswith(f"arn:aws:iam::{account}:mfa/T-")
    assert len(device["Base32StringSeed"]) == 64
    rows = png_rows(device["QRCodePNG"])
    assert all(byte == 0xFF for row in rows[:16] for byte in row)  # the quiet zone
    # The finder in the upper left corner: seven dark modules of four pixels after a margin of four modules.
    assert rows[16][2:5] + rows[16][5:6] == b"\x00\x00\x00\x0f"
    listed = iam.list_virtual_mfa_devices(AssignmentStatus="Unassigned")["VirtualMFADevices"]
    assert {"SerialNumber": device["SerialNumber"]} in listed
    with api_error("EntityAlreadyExists", 409):
        iam.create_virtual_mfa_device(VirtualMFADeviceName=device["SerialNumber"].rsplit("/", 1)[1].lower())
    iam.delete_virtual_mfa_device(SerialNumber=device["SerialNumber"])
    with api_error("NoSuchEntity", 404):
        iam.delete_virtual_mfa_device(SerialNumber=device["SerialNumber"])


def test_two_codes_enable_it(iam: Any, user: str, device: dict[str, Any]) -> None:
    serial, seed = device["SerialNumber"], device["Base32StringSeed"]
    now = step_now()
    for wrong in (
        {"AuthenticationCode1": code(seed, now), "AuthenticationCode2": code(seed, now)},
        {"AuthenticationCode1": code(seed, now), "AuthenticationCode2": code(seed, now - 1)},
        two_codes(seed, now - 1000),
    ):
        with api_error("InvalidAuthenticationCode", 403) as caught:
            iam.enable_mfa_device(UserName=user, SerialNumber=serial, **wrong)
        assert message(caught) == "Authentication code for device is not valid"
    assert iam.list_mfa_devices(UserName=user)["MFADevices"] == []
    enable(iam, user, device)
    (shown,) = iam.list_mfa_devices(UserName=user)["MFADevices"]
    assert (shown["UserName"], shown["SerialNumber"]) == (user, serial)
    assert iam.get_mfa_device(SerialNumber=serial)["UserName"] == user
    assigned = iam.list_virtual_mfa_devices(AssignmentStatus="Assigned")["VirtualMFADevices"]
    assert [d["User"]["UserName"] for d in assigned if d["SerialNumber"] == serial] == [user]
    with api_error("EntityAlreadyExists", 409):
        enable(iam, user, device, now)
    with api_error("DeleteConflict", 409):
        iam.delete_virtual_mfa_device(SerialNumber=serial)
    with api_error("DeleteConflict", 409):
        iam.delete_user(UserName=user)
    iam.deactivate_mfa_device(UserName=user, SerialNumber=serial)
    with api_error("NoSuchEntity", 404):
        iam.deactivate_mfa_device(UserName=user, SerialNumber=serial)
    iam.delete_virtual_mfa_device(SerialNumber=serial)


def test_resync(iam: Any, user: str, device: dict[str, Any]) -> None:
    serial, seed = device["SerialNumber"], device["Base32StringSeed"]
    used = enable(iam, user, device)
    with api_error("InvalidAuthenticationCode", 403):  # these were used
        iam.resync_mfa_device(UserName=user, SerialNumber=serial, **two_codes(seed, used - 1))
    iam.resync_mfa_device(UserName=user, SerialNumber=serial, **two_codes(seed, used + 6))


def test_tags(iam: Any, device: dict[str, Any]) -> None:
    serial = device["SerialNumber"]
    iam.tag_mfa_device(SerialNumber=serial, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    iam.untag_mfa_device(SerialNumber=serial, TagKeys=["a"])
    assert iam.list_mfa_device_tags(SerialNumber=serial)["Tags"] == [{"Key": "b", "Value": "2"}]


def test_a_session_with_a_code_may_what_one_without_may_not(
    iam: Any, client: Callable[..., Any], user: str, device: dict[str, Any], bucket: str
) -> None:
    keys = iam.create_access_key(UserName=user)["AccessKey"]
    rights = {
        "Effect": "Allow",
        "Action": "s3:ListBucket",
        "Resource": "*",
        "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [rights]})
    iam.put_user_policy(UserName=user, PolicyName="mfa", PolicyDocument=document)
    serial, seed = device["SerialNumber"], device["Base32StringSeed"]
    used = enable(iam, user, device, step_now() - 2)
    sts = with_keys(client, "sts", keys)

    def listing(session: dict[str, Any]) -> None:
        with_keys(client, "s3", session).list_objects_v2(Bucket=bucket)

    for without in (keys, sts.get_session_token()["Credentials"]):
        with api_error("AccessDenied", 403):
            listing(without)
    right = code(seed, used + 1)
    wrong = f"{(int(right) + 1) % 1_000_000:06}"
    with api_error("AccessDenied", 403) as caught:
        sts.get_session_token(SerialNumber=serial, TokenCode=wrong)
    assert message(caught) == "MultiFactorAuthentication failed with invalid MFA one time pass code."
    session = sts.get_session_token(SerialNumber=serial, TokenCode=right)["Credentials"]
    listing(session)
    with api_error("AccessDenied", 403):  # a code serves once
        sts.get_session_token(SerialNumber=serial, TokenCode=right)
    # The session is a recent one.
    rights["Condition"] = {"NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}}
    document = json.dumps({"Version": "2012-10-17", "Statement": [rights]})
    iam.put_user_policy(UserName=user, PolicyName="mfa", PolicyDocument=document)
    listing(session)


def test_a_role_that_asks_for_a_code(
    iam: Any, client: Callable[..., Any], user: str, name: Name, device: dict[str, Any], account: str
) -> None:
    trusts = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:user/{user}"},
        "Action": "sts:AssumeRole",
        "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [trusts]})
    role = iam.create_role(RoleName=name(), AssumeRolePolicyDocument=document)["Role"]["Arn"]
    keys = iam.create_access_key(UserName=user)["AccessKey"]
    used = enable(iam, user, device, step_now() - 2)
    plain = with_keys(client, "sts", keys)
    wanted = {"RoleArn": role, "RoleSessionName": "work"}
    with api_error("AccessDenied", 403):
        plain.assume_role(**wanted)
    # Also from a session that was made without one.
    session = with_keys(client, "sts", plain.get_session_token()["Credentials"])
    with api_error("AccessDenied", 403):
        session.assume_role(**wanted)
    right = code(device["Base32StringSeed"], used + 1)
    session.assume_role(**wanted, SerialNumber=device["SerialNumber"], TokenCode=right)


def test_codes_can_not_be_tried_out(iam: Any, client: Callable[..., Any], user: str, device: dict[str, Any]) -> None:
    keys = iam.create_access_key(UserName=user)["AccessKey"]
    serial, seed = device["SerialNumber"], device["Base32StringSeed"]
    used = enable(iam, user, device, step_now() - 2)
    sts = with_keys(client, "sts", keys)
    right = code(seed, used + 1)
    near = {code(seed, step) for step in range(used - 3, used + 6)}
    guesses = [guess for guess in (f"{n:06}" for n in range(30)) if guess not in near][:10]
    for guess in guesses:
        with api_error("AccessDenied", 403):
            sts.get_session_token(SerialNumber=serial, TokenCode=guess)
    with api_error("AccessDenied", 403):
        sts.get_session_token(SerialNumber=serial, TokenCode=right)


def test_by_the_command_line(cli: CommandLine, iam: Any, name: Name, tmp_path: Any) -> None:
    seed_file = tmp_path / "seed"
    device_name = name()
    made = cli.aws(
        *("iam", "create-virtual-mfa-device", "--virtual-mfa-device-name", device_name),
        *("--outfile", str(seed_file), "--bootstrap-method", "Base32StringSeed"),
    )
    serial = json.loads(made.stdout)["VirtualMFADevice"]["SerialNumber"]
    user = iam.create_user(UserName=name())["User"]["UserName"]
    codes = two_codes(seed_file.read_bytes(), step_now() - 2)
    cli.aws(
        *("iam", "enable-mfa-device", "--user-name", user, "--serial-number", serial),
        *("--authentication-code1", codes["AuthenticationCode1"]),
        *("--authentication-code2", codes["AuthenticationCode2"]),
    )
    listed = json.loads(cli.aws("iam", "list-mfa-devices", "--user-name", user).stdout)["MFADevices"]
    assert [d["SerialNumber"] for d in listed] == [serial]
