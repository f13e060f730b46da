"""Groups and memberships."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.iam.conftest import message
from tools.harness.expect import api_error


def test_members(iam: Any, group: str, user: str) -> None:
    assert iam.get_group(GroupName=group)["Users"] == []
    for _ in range(2):
        iam.add_user_to_group(GroupName=group, UserName=user)
    assert [u["UserName"] for u in iam.get_group(GroupName=group)["Users"]] == [user]
    assert [g["GroupName"] for g in iam.list_groups_for_user(UserName=user)["Groups"]] == [group]
    with api_error("DeleteConflict", 409) as caught:
        iam.delete_group(GroupName=group)
    assert message(caught) == "Cannot delete entity, must remove users from group first."
    iam.remove_user_from_group(GroupName=group, UserName=user)
    with api_error("NoSuchEntity", 404):
        iam.remove_user_from_group(GroupName=group, UserName=user)
    iam.delete_group(GroupName=group)
    with api_error("NoSuchEntity", 404) as caught:
        iam.get_group(GroupName=group)
    assert message(caught) == f"The group with name {group} cannot be found."


def test_a_user_is_in_ten_groups_at_most(iam: Any, user: str, name: Callable[[], str]) -> None:
    for _ in range(10):
        iam.add_user_to_group(GroupName=iam.create_group(GroupName=name())["Group"]["GroupName"], UserName=user)
    last = iam.create_group(GroupName=name())["Group"]["GroupName"]
    with api_error("LimitExceeded", 409) as caught:
        iam.add_user_to_group(GroupName=last, UserName=user)
    assert message(caught) == "Cannot exceed quota for GroupsPerUser: 10"


def test_rename(iam: Any, group: str, user: str, policy: str, name: Callable[[], str]) -> None:
    iam.add_user_to_group(GroupName=group, UserName=user)
    iam.attach_group_policy(GroupName=group, PolicyArn=policy)
    new = name()
    iam.update_group(GroupName=group, NewGroupName=new)
    assert [g["GroupName"] for g in iam.list_groups_for_user(UserName=user)["Groups"]] == [new]
    assert [p["PolicyArn"] for p in iam.list_attached_group_policies(GroupName=new)["AttachedPolicies"]] == [policy]
    assert new in [g["GroupName"] for g in iam.list_groups()["Groups"]]
