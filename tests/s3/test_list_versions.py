"""ListObjectVersions: order, pages, prefixes, and what is told of each entry."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tools.harness.expect import api_error

pytestmark = pytest.mark.core


def entries(page: dict[str, Any]) -> list[tuple[str, str]]:
    found = page.get("Versions", []) + page.get("DeleteMarkers", [])
    return [(entry["Key"], entry["VersionId"]) for entry in found]


def test_a_bucket_without_versions(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"xyz")
    page = s3.list_object_versions(Bucket=bucket)
    [entry] = page["Versions"]
    assert (entry["Key"], entry["VersionId"], entry["IsLatest"], entry["Size"]) == ("k", "null", True, 3)
    assert entry["ETag"] == s3.head_object(Bucket=bucket, Key="k")["ETag"]
    assert (entry["StorageClass"], page["IsTruncated"], page["MaxKeys"]) == ("STANDARD", False, 1000)
    assert "DeleteMarkers" not in page


def test_newest_first_within_a_key(s3: Any, versioned: str) -> None:
    first = s3.put_object(Bucket=versioned, Key="b", Body=b"1")["VersionId"]
    second = s3.put_object(Bucket=versioned, Key="b", Body=b"2")["VersionId"]
    marker = s3.delete_object(Bucket=versioned, Key="b")["VersionId"]
    other = s3.put_object(Bucket=versioned, Key="a", Body=b"3")["VersionId"]
    page = s3.list_object_versions(Bucket=versioned)
    assert [(v["Key"], v["VersionId"], v["IsLatest"]) for v in page["Versions"]] == [
        ("a", other, True),
        ("b", second, False),
        ("b", first, False),
    ]
    [shown] = page["DeleteMarkers"]
    assert (shown["Key"], shown["VersionId"], shown["IsLatest"]) == ("b", marker, True)
    assert shown["Owner"]["ID"] == page["Versions"][0]["Owner"]["ID"]


def test_both_kinds_stand_mixed_by_key_in_the_document(s3: Any, versioned: str) -> None:
    """SDKs sort them into two lists; those who read the XML see AWS's order."""
    for key in ("a", "b"):
        s3.put_object(Bucket=versioned, Key=key, Body=b"1")
        s3.delete_object(Bucket=versioned, Key=key)
        s3.put_object(Bucket=versioned, Key=key, Body=b"2")
    documents: list[bytes] = []
    s3.meta.events.register(
        "before-parse.s3.ListObjectVersions", lambda response_dict, **_: documents.append(response_dict["body"])
    )
    s3.list_object_versions(Bucket=versioned)
    found = re.findall(rb"<(Version|DeleteMarker)>.*?<Key>(\w)</Key>", documents[-1])
    kinds = [b"Version", b"DeleteMarker", b"Version"]
    assert found == [(kind, key) for key in (b"a", b"b") for kind in kinds]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_pages_hold_each_entry_once(s3: Any, versioned: str, size: int) -> None:
    wanted = []
    for key in ("a", "b/x", "b/y", "c"):
        wanted += [(key, s3.put_object(Bucket=versioned, Key=key, Body=b"x")["VersionId"]) for _ in range(3)]
        wanted.append((key, s3.delete_object(Bucket=versioned, Key=key)["VersionId"]))
    found: list[tuple[str, str]] = []
    markers: dict[str, str] = {}
    while True:
        page = s3.list_object_versions(Bucket=versioned, MaxKeys=size, **markers)
        found += entries(page)
        assert len(entries(page)) <= size
        if not page["IsTruncated"]:
            break
        markers = {"KeyMarker": page["NextKeyMarker"], "VersionIdMarker": page["NextVersionIdMarker"]}
    assert sorted(found) == sorted(wanted)


def test_prefix_and_delimiter(s3: Any, versioned: str) -> None:
    for key in ("a", "dir/1", "dir/2", "dir/2", "e"):
        s3.put_object(Bucket=versioned, Key=key, Body=b"x")
    page = s3.list_object_versions(Bucket=versioned, Delimiter="/")
    assert [entry["Key"] for entry in page["Versions"]] == ["a", "e"]
    assert [entry["Prefix"] for entry in page["CommonPrefixes"]] == ["dir/"]
    page = s3.list_object_versions(Bucket=versioned, Prefix="dir/")
    assert [entry["Key"] for entry in page["Versions"]] == ["dir/1", "dir/2", "dir/2"]
    first = s3.list_object_versions(Bucket=versioned, Delimiter="/", MaxKeys=2)
    assert (first["IsTruncated"], first["NextKeyMarker"]) == (True, "dir/")
    rest = s3.list_object_versions(Bucket=versioned, Delimiter="/", KeyMarker="dir/")
    assert [entry["Key"] for entry in rest["Versions"]] == ["e"]


def test_key_marker_leaves_out_all_of_its_key(s3: Any, versioned: str) -> None:
    for key in ("a", "a", "b"):
        s3.put_object(Bucket=versioned, Key=key, Body=b"x")
    page = s3.list_object_versions(Bucket=versioned, KeyMarker="a")
    assert [entry["Key"] for entry in page["Versions"]] == ["b"]


def test_bad_markers(s3: Any, versioned: str) -> None:
    with api_error("InvalidArgument", 400):
        s3.list_object_versions(Bucket=versioned, VersionIdMarker="null")
    with api_error("InvalidArgument", 400):
        s3.list_object_versions(Bucket=versioned, KeyMarker="a", VersionIdMarker="no id")
    with api_error("InvalidArgument", 400):
        s3.list_object_versions(Bucket=versioned, MaxKeys=-1)


def test_odd_keys_are_encoded_on_demand(s3: Any, versioned: str) -> None:
    keys = ["a b+c", "new\nline", "ü", "<&>", "\x01"]
    for key in keys:
        s3.put_object(Bucket=versioned, Key=key, Body=b"x")
    page = s3.list_object_versions(Bucket=versioned)  # boto3 asks for encoding-type=url and undoes it
    assert sorted(entry["Key"] for entry in page["Versions"]) == sorted(keys)


def test_nothing_is_listed_of_no_bucket(s3: Any, bucket_name: str) -> None:
    with api_error("NoSuchBucket", 404):
        s3.list_object_versions(Bucket=bucket_name)
