"""CreateBucket, HeadBucket, ListBuckets, DeleteBucket, GetBucketLocation."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore import UNSIGNED
from botocore.config import Config

from tools.harness.expect import api_error

pytestmark = pytest.mark.core


def test_create_answers_the_location(s3: Any, bucket_name: str) -> None:
    answer = s3.create_bucket(Bucket=bucket_name)
    assert answer["Location"] == f"/{bucket_name}"
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    s3.delete_bucket(Bucket=bucket_name)


def test_creating_one_s_own_bucket_again_succeeds_in_us_east_1(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="kept", Body=b"1")
    s3.create_bucket(Bucket=bucket)
    assert s3.get_object(Bucket=bucket, Key="kept")["Body"].read() == b"1"


def test_an_unknown_location_is_refused(s3: Any, bucket_name: str) -> None:
    with api_error("InvalidLocationConstraint", 400):
        s3.create_bucket(Bucket=bucket_name, CreateBucketConfiguration={"LocationConstraint": "nowhere-9"})
    with api_error("404", 404):
        s3.head_bucket(Bucket=bucket_name)


@pytest.mark.parametrize(
    "name",
    [
        "ab",
        "a" * 64,
        "UpperCase",
        "under_score",
        "-starts-with-dash",
        "ends-with-dash-",
        ".starts-with-dot",
        "ends-with-dot.",
        "two..dots",
        "192.168.5.4",
        "xn--punycode",
        "sthree-reserved",
        "reserved-s3alias",
        "reserved--ol-s3",
    ],
)
def test_bad_names_are_refused(s3: Any, name: str) -> None:
    with api_error("InvalidBucketName", 400):
        s3.create_bucket(Bucket=name)


@pytest.mark.parametrize("name", ["abc", "a" * 63, "with.dots.inside", "1digits-and-dashes2", "a.b-c"])
def test_good_names_are_taken(s3: Any, name: str) -> None:
    s3.create_bucket(Bucket=name)
    s3.head_bucket(Bucket=name)
    s3.delete_bucket(Bucket=name)


def test_head_tells_the_region(s3: Any, bucket: str) -> None:
    answer = s3.head_bucket(Bucket=bucket)
    assert answer["BucketRegion"] == s3.meta.region_name


def test_head_of_a_missing_bucket(s3: Any, bucket_name: str) -> None:
    with api_error("404", 404):
        s3.head_bucket(Bucket=bucket_name)


def test_a_refused_head_tells_the_region_too(s3: Any, client: Callable[..., Any], bucket: str) -> None:
    def told(caller: Any, name: str) -> str | None:
        with api_error("403", 403) as caught:
            caller.head_bucket(Bucket=name)
        return caught.value.response["ResponseMetadata"]["HTTPHeaders"].get("x-amz-bucket-region")

    anonymous = client("s3", config=Config(signature_version=UNSIGNED))
    assert told(anonymous, bucket) == s3.meta.region_name
    assert told(anonymous, bucket + "-absent") is None
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:ListBucket",
        "Resource": f"arn:aws:s3:::{bucket}",
    }
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    assert told(s3, bucket) == s3.meta.region_name
    assert told(anonymous, bucket) == s3.meta.region_name
    s3.delete_bucket_policy(Bucket=bucket)


def test_location_of_the_first_region_is_null(s3: Any, bucket: str) -> None:
    assert s3.meta.region_name == "us-east-1"
    assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] is None


def test_location_of_a_missing_bucket(s3: Any, bucket_name: str) -> None:
    with api_error("NoSuchBucket", 404):
        s3.get_bucket_location(Bucket=bucket_name)


def test_list_shows_name_date_and_owner(s3: Any, bucket: str) -> None:
    answer = s3.list_buckets()
    found = next(entry for entry in answer["Buckets"] if entry["Name"] == bucket)
    assert abs(datetime.now(UTC) - found["CreationDate"]) < timedelta(minutes=1)
    assert found["BucketArn"] == f"arn:aws:s3:::{bucket}"
    assert found["BucketRegion"] == s3.meta.region_name
    assert answer["Owner"]["ID"]
    names = [entry["Name"] for entry in answer["Buckets"]]
    assert names == sorted(names)


@pytest.fixture
def seven_buckets(s3: Any, bucket_name: str) -> Any:
    names = [f"{bucket_name}-{number}" for number in range(7)]
    for name in names:
        s3.create_bucket(Bucket=name)
    yield names
    for name in names:
        s3.delete_bucket(Bucket=name)


def test_list_in_pages(s3: Any, seven_buckets: list[str], bucket_name: str) -> None:
    found: list[str] = []
    token: dict[str, str] = {}
    sizes = []
    while True:
        page = s3.list_buckets(MaxBuckets=3, Prefix=bucket_name, **token)
        sizes.append(len(page["Buckets"]))
        found += [entry["Name"] for entry in page["Buckets"]]
        if "ContinuationToken" not in page:
            break
        token = {"ContinuationToken": page["ContinuationToken"]}
    assert found == seven_buckets
    assert sizes == [3, 3, 1]


def test_an_empty_token_is_none(s3: Any, seven_buckets: list[str], bucket_name: str) -> None:
    page = s3.list_buckets(MaxBuckets=1, Prefix=bucket_name, ContinuationToken="")
    assert [entry["Name"] for entry in page["Buckets"]] == seven_buckets[:1]


def test_list_by_prefix(s3: Any, seven_buckets: list[str], bucket_name: str) -> None:
    page = s3.list_buckets(Prefix=f"{bucket_name}-3")
    assert [entry["Name"] for entry in page["Buckets"]] == [f"{bucket_name}-3"]
    assert page["Prefix"] == f"{bucket_name}-3"


def test_delete(s3: Any, bucket_name: str) -> None:
    s3.create_bucket(Bucket=bucket_name)
    answer = s3.delete_bucket(Bucket=bucket_name)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    with api_error("NoSuchBucket", 404):
        s3.delete_bucket(Bucket=bucket_name)


def test_a_bucket_with_an_object_stays(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"")
    with api_error("BucketNotEmpty", 409):
        s3.delete_bucket(Bucket=bucket)
    s3.head_bucket(Bucket=bucket)


def test_a_name_is_free_again_and_empty_after_delete(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"old")
    s3.delete_object(Bucket=bucket, Key="k")
    s3.delete_bucket(Bucket=bucket)
    s3.create_bucket(Bucket=bucket)
    with api_error("NoSuchKey", 404):
        s3.get_object(Bucket=bucket, Key="k")


def test_errors_name_bucket_and_request(s3: Any, bucket_name: str) -> None:
    with api_error("NoSuchBucket", 404) as caught:
        s3.list_objects_v2(Bucket=bucket_name)
    response = caught.value.response
    assert response["Error"]["BucketName"] == bucket_name
    assert response["Error"]["Message"] == "The specified bucket does not exist"
    assert response["ResponseMetadata"]["RequestId"]


def test_expected_owner(s3: Any, bucket: str) -> None:
    with api_error("403", 403):
        s3.head_bucket(Bucket=bucket, ExpectedBucketOwner="000000000001")
    with api_error("AccessDenied", 403):
        s3.list_objects_v2(Bucket=bucket, ExpectedBucketOwner="000000000001")


def test_a_client_of_another_region_finds_its_way(client: Callable[..., Any], bucket: str) -> None:
    elsewhere = client("s3", region_name="eu-west-1")
    # What answers HEAD has no body to say where to sign for.
    assert elsewhere.head_bucket(Bucket=bucket)["BucketRegion"] == "us-east-1"
    assert client("s3", region_name="eu-west-1").list_objects_v2(Bucket=bucket)["KeyCount"] == 0
