"""Images found by name: public parameters of SSM, and `resolve:ssm:` in RunInstances.

https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-public-parameters-ami.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tools.harness.instances import what_lacks
from tools.harness.server import Server

TINY = "/aws/service/aerolith/tiny/latest/amd64"


@pytest.fixture
def ssm(client: Callable[..., Any]) -> Any:
    return client("ssm")


@pytest.fixture
def image(server: Server, client: Callable[..., Any]) -> str:
    """The id of the image tiny."""
    lacks = what_lacks(server, "containers")
    if lacks:
        pytest.skip(f"no images here: {lacks}")
    [found] = client("ec2").describe_images(Owners=["amazon"], Filters=[{"Name": "name", "Values": ["tiny"]}])["Images"]
    return str(found["ImageId"])


def test_a_parameter_leads_to_the_image(ssm: Any, image: str) -> None:
    parameter = ssm.get_parameter(Name=TINY)["Parameter"]
    assert parameter["Value"] == image
    assert parameter["Type"] == "String"
    assert parameter["Version"] == 1
    assert parameter["ARN"] == f"arn:aws:ssm:us-east-1::parameter{TINY}"
    assert ssm.get_parameter(Name=parameter["ARN"])["Parameter"]["Value"] == image


def test_several_at_once(ssm: Any, image: str) -> None:
    answer = ssm.get_parameters(Names=[TINY, "/aws/service/no-such", "mine", f"{TINY}:2"])
    assert [each["Value"] for each in answer["Parameters"]] == [image]
    assert answer["InvalidParameters"] == ["/aws/service/no-such", "mine", f"{TINY}:2"]


def test_by_path(ssm: Any, image: str) -> None:
    def names(path: str, recursive: bool) -> list[str]:
        pages = ssm.get_paginator("get_parameters_by_path").paginate(
            Path=path, Recursive=recursive, PaginationConfig={"PageSize": 1}
        )
        return [each["Name"] for page in pages for each in page["Parameters"]]

    assert TINY in names("/aws/service", True)
    assert names("/aws/service", False) == []
    assert names("/aws/service/aerolith/tiny/latest", False) == [TINY]
    assert names("/aws/service/aerolith/tin", True) == []
    with pytest.raises(ClientError) as caught:
        ssm.get_parameters_by_path(Path="aws/service")
    assert caught.value.response["Error"]["Code"] == "ValidationException"


def test_what_is_not_there(ssm: Any) -> None:
    with pytest.raises(ClientError) as caught:
        ssm.get_parameter(Name="/my/own")
    assert caught.value.response["Error"]["Code"] == "ParameterNotFound"


def test_an_instance_is_launched_by_parameter(client: Callable[..., Any], image: str) -> None:
    ec2 = client("ec2")
    with pytest.raises(ClientError) as caught:
        ec2.run_instances(ImageId=f"resolve:ssm:{TINY}", MinCount=1, MaxCount=1, DryRun=True)
    assert caught.value.response["Error"]["Code"] == "DryRunOperation"
    with pytest.raises(ClientError) as caught:
        ec2.run_instances(ImageId="resolve:ssm:/no/such", MinCount=1, MaxCount=1, DryRun=True)
    assert caught.value.response["Error"]["Code"] == "InvalidParameterValue"
