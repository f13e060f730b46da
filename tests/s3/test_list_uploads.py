"""ListMultipartUploads beside a delimiter; test_multipart.py has the rest."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.core


def test_markers_of_uploads_in_groups(s3: Any, bucket: str) -> None:
    """As recorded from AWS: the next markers are those of the last upload, empty where a page has none."""
    keys = ("folder/aSubfolder/subFile1", "folder/aSubfolder/subFile2", "folder/file1", "folder/file2")
    ids = {key: s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"] for key in keys}
    asked = {"Bucket": bucket, "Prefix": "folder/", "Delimiter": "/", "MaxUploads": 1}
    first = s3.list_multipart_uploads(**asked)
    assert [entry["Prefix"] for entry in first["CommonPrefixes"]] == ["folder/aSubfolder/"]
    assert (first["IsTruncated"], first["NextKeyMarker"], first["NextUploadIdMarker"]) == (True, "", "")
    for marker in ("folder/aSubfolder/", "folder/aSubfolder/subFile1"):
        page = s3.list_multipart_uploads(**asked, KeyMarker=marker)
        assert [entry["Key"] for entry in page["Uploads"]] == ["folder/file1"]
        assert (page["IsTruncated"], "CommonPrefixes" in page) == (True, False)
        assert (page["NextKeyMarker"], page["NextUploadIdMarker"]) == ("folder/file1", ids["folder/file1"])
    whole = s3.list_multipart_uploads(Bucket=bucket)
    assert (whole["IsTruncated"], whole["NextKeyMarker"]) == (False, "folder/file2")
    assert whole["NextUploadIdMarker"] == ids["folder/file2"]
