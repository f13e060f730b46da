"""Alias, numbers and password policy of the account."""

from __future__ import annotations

from typing import Any

import pytest

from tools.harness.expect import api_error


def test_alias(iam: Any) -> None:
    assert iam.list_account_aliases()["AccountAliases"] == []
    iam.create_account_alias(AccountAlias="my-account")
    assert iam.list_account_aliases()["AccountAliases"] == ["my-account"]
    with api_error("NoSuchEntity", 404):
        iam.delete_account_alias(AccountAlias="other")
    iam.delete_account_alias(AccountAlias="my-account")
    assert iam.list_account_aliases()["AccountAliases"] == []


@pytest.mark.parametrize("bad", ["a--b", "-ab", "ab-", "Abc"])
def test_bad_alias(iam: Any, bad: str) -> None:
    with api_error("ValidationError", 400):
        iam.create_account_alias(AccountAlias=bad)


def test_summary_counts(iam: Any, user: str) -> None:
    before = iam.get_account_summary()["SummaryMap"]
    iam.delete_user(UserName=user)
    after = iam.get_account_summary()["SummaryMap"]
    assert before["Users"] - after["Users"] == 1
    assert after["AccessKeysPerUserQuota"] == 2


def test_password_policy(iam: Any) -> None:
    with api_error("NoSuchEntity", 404):
        iam.get_account_password_policy()
    iam.update_account_password_policy(MinimumPasswordLength=12, RequireNumbers=True, MaxPasswordAge=90)
    found = iam.get_account_password_policy()["PasswordPolicy"]
    assert (found["MinimumPasswordLength"], found["RequireNumbers"], found["RequireSymbols"]) == (12, True, False)
    assert (found["ExpirePasswords"], found["MaxPasswordAge"]) == (True, 90)
    iam.delete_account_password_policy()
    with api_error("NoSuchEntity", 404):
        iam.get_account_password_policy()
