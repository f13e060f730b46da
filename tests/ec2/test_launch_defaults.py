"""What an account says once about all launches that don't say it themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.ec2.conftest import code
from tools.harness.instances import Guests

NONE = {"HttpTokens": "no-preference", "HttpEndpoint": "no-preference", "InstanceMetadataTags": "no-preference"}


@pytest.fixture
def ec2(guests: Guests) -> Iterator[Any]:
    yield guests.ec2
    guests.ec2.modify_instance_metadata_defaults(**NONE, HttpPutResponseHopLimit=-1)
    guests.ec2.modify_default_credit_specification(InstanceFamily="t3", CpuCredits="unlimited")


def level(ec2: Any) -> dict[str, Any]:
    return dict(ec2.get_instance_metadata_defaults()["AccountLevel"])


def test_metadata_options(guests: Guests, ec2: Any) -> None:
    assert level(ec2) == {"ManagedBy": "account"}
    asked = {"HttpTokens": "required", "InstanceMetadataTags": "enabled"}
    assert ec2.modify_instance_metadata_defaults(**asked, HttpPutResponseHopLimit=3)["Return"] is True
    ec2.modify_instance_metadata_defaults(HttpEndpoint="enabled")  # the others stay
    assert level(ec2) == {**asked, "HttpPutResponseHopLimit": 3, "HttpEndpoint": "enabled", "ManagedBy": "account"}
    ids = [guests.launch()[0]["InstanceId"], guests.launch(MetadataOptions={"HttpTokens": "optional"})[0]["InstanceId"]]
    seen = [guests.find(each)["MetadataOptions"] for each in ids]
    assert [each["HttpTokens"] for each in seen] == ["required", "optional"]
    assert [each["HttpPutResponseHopLimit"] for each in seen] == [3, 3]
    assert [each["InstanceMetadataTags"] for each in seen] == ["enabled", "enabled"]
    guests.terminate(*ids)
    ec2.modify_instance_metadata_defaults(**NONE, HttpPutResponseHopLimit=-1)
    assert level(ec2) == {"ManagedBy": "account"}


def test_credits(guests: Guests, ec2: Any) -> None:
    def told(family: str) -> str:
        answer = ec2.get_default_credit_specification(InstanceFamily=family)["InstanceFamilyCreditSpecification"]
        return str(answer["CpuCredits"])

    assert (told("t2"), told("t3")) == ("standard", "unlimited")
    ec2.modify_default_credit_specification(InstanceFamily="t3", CpuCredits="standard")
    assert told("t3") == "standard"
    asked = {"CreditSpecification": {"CpuCredits": "unlimited"}}
    ids = [guests.launch()[0]["InstanceId"], guests.launch(**asked)[0]["InstanceId"]]
    listed = ec2.describe_instance_credit_specifications(InstanceIds=ids)["InstanceCreditSpecifications"]
    assert {each["InstanceId"]: each["CpuCredits"] for each in listed} == dict(
        zip(ids, ["standard", "unlimited"], strict=True)
    )
    guests.terminate(*ids)


def test_what_is_wrong(ec2: Any) -> None:
    for wanted in ({"HttpTokens": "maybe"}, {"HttpPutResponseHopLimit": 65}, {"HttpPutResponseHopLimit": 0}):
        with pytest.raises(ClientError) as refused:
            ec2.modify_instance_metadata_defaults(**wanted)
        assert code(refused) == "InvalidParameterValue"
    with pytest.raises(ClientError) as unbuilt:
        ec2.modify_instance_metadata_defaults(HttpTokensEnforced="enabled")
    assert code(unbuilt) == "UnsupportedOperation"
    with pytest.raises(ClientError) as family:
        ec2.get_default_credit_specification(InstanceFamily="m5")
    assert code(family) == "InvalidParameterValue"
