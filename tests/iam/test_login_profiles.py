"""Passwords of users and the account's rules for them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_account-policy.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.iam.conftest import message
from tools.harness.expect import api_error
from tools.harness.identities import with_keys

GOOD = "Correct-Horse-7"


@pytest.fixture
def rules(iam: Any) -> Iterator[Callable[..., None]]:
    """rules(...) sets the account's password policy; taken away at the end."""
    yield iam.update_account_password_policy
    iam.delete_account_password_policy()


def own_client(client: Callable[..., Any], iam: Any, user: str) -> Any:
    keys = iam.create_access_key(UserName=user)["AccessKey"]
    return with_keys(client, "iam", keys)


def test_a_profile_from_cradle_to_grave(iam: Any, user: str) -> None:
    with api_error("NoSuchEntity", 404) as caught:
        iam.get_login_profile(UserName=user)
    assert message(caught) == f"Login Profile for User {user} cannot be found."
    made = iam.create_login_profile(UserName=user, Password=GOOD, PasswordResetRequired=True)["LoginProfile"]
    assert (made["UserName"], made["PasswordResetRequired"]) == (user, True)
    assert iam.get_login_profile(UserName=user)["LoginProfile"] == made
    with api_error("EntityAlreadyExists", 409):
        iam.create_login_profile(UserName=user, Password=GOOD)
    iam.update_login_profile(UserName=user, PasswordResetRequired=False)
    assert iam.get_login_profile(UserName=user)["LoginProfile"]["PasswordResetRequired"] is False
    with api_error("DeleteConflict", 409):
        iam.delete_user(UserName=user)
    iam.delete_login_profile(UserName=user)
    with api_error("NoSuchEntity", 404):
        iam.delete_login_profile(UserName=user)
    iam.delete_user(UserName=user)


@pytest.mark.parametrize("weak", ["Short-1", "onlylowercaseletters", "lowercase1and2digits"])
def test_the_default_rules(iam: Any, user: str, weak: str) -> None:
    with api_error("PasswordPolicyViolation", 400):
        iam.create_login_profile(UserName=user, Password=weak)


def test_the_account_s_rules(iam: Any, user: str, rules: Callable[..., None]) -> None:
    rules(
        MinimumPasswordLength=10,
        RequireSymbols=True,
        RequireNumbers=True,
        RequireUppercaseCharacters=True,
        RequireLowercaseCharacters=True,
    )
    for weak, why in {
        "Ab1-": "Password should have a minimum length of 10",
        "abcdefg1-23": "Password should have at least one uppercase letter",
        "ABCDEFG1-23": "Password should have at least one lowercase letter",
        "Abcdefg-hij": "Password should have at least one number",
        "Abcdefg1hij": "Password should have at least one symbol",
    }.items():
        with api_error("PasswordPolicyViolation", 400) as caught:
            iam.create_login_profile(UserName=user, Password=weak)
        assert message(caught) == why
    iam.create_login_profile(UserName=user, Password="Abcdefg1-hij")


def test_a_password_does_not_come_again(iam: Any, user: str, rules: Callable[..., None]) -> None:
    rules(MinimumPasswordLength=6, PasswordReusePrevention=2)
    iam.create_login_profile(UserName=user, Password="first1")
    iam.update_login_profile(UserName=user, Password="second2")
    for used in ("first1", "second2"):
        with api_error("PasswordPolicyViolation", 400):
            iam.update_login_profile(UserName=user, Password=used)
    iam.update_login_profile(UserName=user, Password="third3")
    iam.update_login_profile(UserName=user, Password="first1")


def test_users_change_their_own(iam: Any, client: Callable[..., Any], user: str, rules: Callable[..., None]) -> None:
    iam.create_login_profile(UserName=user, Password=GOOD, PasswordResetRequired=True)
    own = own_client(client, iam, user)
    rules(MinimumPasswordLength=8)
    with api_error("AccessDenied", 403):
        own.change_password(OldPassword=GOOD, NewPassword="another-one-1")
    rules(MinimumPasswordLength=8, AllowUsersToChangePassword=True)
    with api_error("AccessDenied", 403) as caught:
        own.change_password(OldPassword="wrong", NewPassword="another-one-1")
    assert message(caught) == "The old password was incorrect."
    with api_error("PasswordPolicyViolation", 400):
        own.change_password(OldPassword=GOOD, NewPassword="short")
    own.change_password(OldPassword=GOOD, NewPassword="another-one-1")
    assert iam.get_login_profile(UserName=user)["LoginProfile"]["PasswordResetRequired"] is False
    with api_error("AccessDenied", 403):
        own.change_password(OldPassword=GOOD, NewPassword="another-one-2")
    # What a policy denies the account's rules don't give.
    denial = {"Effect": "Deny", "Action": "iam:ChangePassword", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [denial]})
    iam.put_user_policy(UserName=user, PolicyName="no", PolicyDocument=document)
    with api_error("AccessDenied", 403) as caught:
        own.change_password(OldPassword="another-one-1", NewPassword="another-one-2")
    assert "explicit deny" in message(caught)


def test_the_root_has_none_to_change(iam: Any) -> None:
    with api_error("InvalidUserType", 400):
        iam.change_password(OldPassword=GOOD, NewPassword="another-one-1")
