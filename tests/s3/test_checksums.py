"""Every checksum algorithm of the SDK: in a header, in a trailer, of parts, of the whole, of copies."""

from __future__ import annotations

import base64
import hashlib
import zlib
from typing import Any

import pytest
from awscrt.checksums import XXHash, crc32c, crc64nvme

from tools.harness.expect import api_error
from tools.harness.server import Server
from tools.harness.signing import Signer, send

pytestmark = pytest.mark.core

PART = 5 * 1024 * 1024


def xxhash(make: Any, body: bytes) -> bytes:
    running = make()
    running.update(body)
    return running.finalize()


DIGESTS: dict[str, Any] = {
    "CRC32": lambda body: zlib.crc32(body).to_bytes(4),
    "CRC32C": lambda body: crc32c(body).to_bytes(4),
    "CRC64NVME": lambda body: crc64nvme(body).to_bytes(8),
    "SHA1": lambda body: hashlib.sha1(body).digest(),
    "SHA256": lambda body: hashlib.sha256(body).digest(),
    "SHA512": lambda body: hashlib.sha512(body).digest(),
    "MD5": lambda body: hashlib.md5(body).digest(),
    "XXHASH64": lambda body: xxhash(XXHash.new_xxhash64, body),
    "XXHASH3": lambda body: xxhash(XXHash.new_xxhash3_64, body),
    "XXHASH128": lambda body: xxhash(XXHash.new_xxhash3_128, body),
}
LINEAR = ("CRC32", "CRC32C", "CRC64NVME")  # can be had of a whole from those of its parts
every_algorithm = pytest.mark.parametrize("algorithm", DIGESTS)


def text_of(algorithm: str, body: bytes) -> str:
    return base64.b64encode(DIGESTS[algorithm](body)).decode()


def test_the_model_has_no_more(s3: Any) -> None:
    known = s3.meta.service_model.shape_for("ChecksumAlgorithm").enum
    assert sorted(known) == sorted(DIGESTS)


@every_algorithm
def test_in_a_header(s3: Any, bucket: str, algorithm: str) -> None:
    body = b"hello" * 100_000
    name, right = f"Checksum{algorithm}", text_of(algorithm, body)
    put = s3.put_object(Bucket=bucket, Key="k", Body=body, **{name: right})
    assert (put[name], put["ChecksumType"]) == (right, "FULL_OBJECT")
    for read in (s3.head_object, s3.get_object):
        found = read(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
        assert (found[name], found["ChecksumType"]) == (right, "FULL_OBJECT")
    assert name not in s3.head_object(Bucket=bucket, Key="k")
    [listed] = s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert (listed["ChecksumAlgorithm"], listed["ChecksumType"]) == ([algorithm], "FULL_OBJECT")
    with api_error("BadDigest", 400):
        s3.put_object(Bucket=bucket, Key="k", Body=body[1:], **{name: right})
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == body


@every_algorithm
def test_in_a_trailer(server: Server, s3: Any, bucket: str, algorithm: str) -> None:
    body = b"some bytes"
    header = f"x-amz-checksum-{algorithm.lower()}"

    def put(value: str) -> Any:
        framed = b"%x\r\n%s\r\n0\r\n%s:%s\r\n\r\n" % (len(body), body, header.encode(), value.encode())
        headers = {
            "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
            "x-amz-decoded-content-length": str(len(body)),
            "x-amz-trailer": header,
            "content-encoding": "aws-chunked",
        }
        return send(server, Signer(server).sign("PUT", f"/{bucket}/k", framed, headers))

    refused = put(text_of(algorithm, b"other bytes"))
    assert refused.status == 400
    assert b"<Code>BadDigest</Code>" in refused.body
    answer = put(text_of(algorithm, body))
    assert answer.status == 200, answer.body
    assert answer.header(header) == text_of(algorithm, body)
    found = s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert found[f"Checksum{algorithm}"] == text_of(algorithm, body)
    assert found["Body"].read() == body


@pytest.mark.parametrize("algorithm", sorted(set(DIGESTS) - {"MD5"}))  # which botocore doesn't make
def test_by_the_sdk(s3: Any, bucket: str, algorithm: str) -> None:
    """boto3 makes the checksum as it sends, in a trailer, and holds it against what it reads."""
    body = b"hello" * 1000
    put = s3.put_object(Bucket=bucket, Key="k", Body=body, ChecksumAlgorithm=algorithm)
    assert put[f"Checksum{algorithm}"] == text_of(algorithm, body)
    got = s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert got["Body"].read() == body


@every_algorithm
def test_of_an_upload_in_parts(s3: Any, bucket: str, algorithm: str) -> None:
    kind = "FULL_OBJECT" if algorithm == "CRC64NVME" else "COMPOSITE"
    bodies = [b"x" * PART, b"end"]
    name = f"Checksum{algorithm}"
    names = {"Bucket": bucket, "Key": "k"}
    upload = s3.create_multipart_upload(**names, ChecksumAlgorithm=algorithm)
    assert (upload["ChecksumAlgorithm"], upload["ChecksumType"]) == (algorithm, kind)
    names["UploadId"] = upload["UploadId"]
    parts = []
    for number, body in enumerate(bodies, 1):
        sent = s3.upload_part(**names, PartNumber=number, Body=body, **{name: text_of(algorithm, body)})
        assert sent[name] == text_of(algorithm, body)
        parts.append({"PartNumber": number, "ETag": sent["ETag"], name: sent[name]})
    listed = s3.list_parts(**names)
    assert (listed["ChecksumAlgorithm"], listed["ChecksumType"]) == (algorithm, kind)
    assert [part[name] for part in listed["Parts"]] == [part[name] for part in parts]
    done = s3.complete_multipart_upload(**names, MultipartUpload={"Parts": parts})
    if kind == "FULL_OBJECT":
        wanted = text_of(algorithm, b"".join(bodies))
    else:
        wanted = text_of(algorithm, b"".join(DIGESTS[algorithm](body) for body in bodies)) + "-2"
    assert (done[name], done["ChecksumType"]) == (wanted, kind)
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert (head[name], head["ChecksumType"]) == (wanted, kind)


@pytest.mark.parametrize("algorithm", LINEAR)
def test_of_the_whole_from_parts(s3: Any, bucket: str, algorithm: str) -> None:
    bodies = [b"x" * PART, b"y" * (PART + 1), b"end"]
    whole = b"".join(bodies)
    name = f"Checksum{algorithm}"
    names = {"Bucket": bucket, "Key": "k"}
    settings = {"ChecksumAlgorithm": algorithm, "ChecksumType": "FULL_OBJECT"}
    names["UploadId"] = s3.create_multipart_upload(**names, **settings)["UploadId"]
    parts = [
        {
            "PartNumber": number,
            "ETag": s3.upload_part(**names, PartNumber=number, Body=body, ChecksumAlgorithm=algorithm)["ETag"],
        }
        for number, body in enumerate(bodies, 1)
    ]
    with api_error("BadDigest", 400):
        s3.complete_multipart_upload(
            **names, MultipartUpload={"Parts": parts}, ChecksumType="FULL_OBJECT", **{name: text_of(algorithm, b"")}
        )
    with api_error("InvalidRequest", 400):
        s3.complete_multipart_upload(**names, MultipartUpload={"Parts": parts}, ChecksumType="COMPOSITE")
    done = s3.complete_multipart_upload(
        **names,
        MultipartUpload={"Parts": parts},
        ChecksumType="FULL_OBJECT",
        MpuObjectSize=len(whole),
        **{name: text_of(algorithm, whole)},
    )
    assert (done[name], done["ChecksumType"]) == (text_of(algorithm, whole), "FULL_OBJECT")
    assert s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")["Body"].read() == whole


@every_algorithm
def test_which_types_an_algorithm_has(s3: Any, bucket: str, algorithm: str) -> None:
    types = {"FULL_OBJECT": algorithm in LINEAR, "COMPOSITE": algorithm != "CRC64NVME"}
    for kind, is_possible in types.items():
        settings = {"Bucket": bucket, "Key": "k", "ChecksumAlgorithm": algorithm, "ChecksumType": kind}
        if is_possible:
            assert s3.create_multipart_upload(**settings)["ChecksumType"] == kind
        else:
            with api_error("InvalidRequest", 400):
                s3.create_multipart_upload(**settings)


def test_an_upload_takes_parts_of_its_own_algorithm_only(s3: Any, bucket: str) -> None:
    names = {"Bucket": bucket, "Key": "k"}
    names["UploadId"] = s3.create_multipart_upload(**names, ChecksumAlgorithm="SHA256")["UploadId"]
    with api_error("InvalidRequest", 400):
        s3.upload_part(**names, PartNumber=1, Body=b"x", ChecksumAlgorithm="CRC32")


def test_a_composite_checksum_needs_those_of_its_parts(s3: Any, bucket: str) -> None:
    names = {"Bucket": bucket, "Key": "k"}
    names["UploadId"] = s3.create_multipart_upload(**names, ChecksumAlgorithm="SHA256")["UploadId"]
    sent = s3.upload_part(**names, PartNumber=1, Body=b"x", ChecksumAlgorithm="SHA256")
    part = {"PartNumber": 1, "ETag": sent["ETag"]}
    with api_error("InvalidRequest", 400):
        s3.complete_multipart_upload(**names, MultipartUpload={"Parts": [part]})
    with api_error("InvalidPart", 400):
        wrong = part | {"ChecksumSHA256": text_of("SHA256", b"y")}
        s3.complete_multipart_upload(**names, MultipartUpload={"Parts": [wrong]})
    right = part | {"ChecksumSHA256": sent["ChecksumSHA256"]}
    s3.complete_multipart_upload(**names, MultipartUpload={"Parts": [right]})


def test_parts_of_an_upload_without_an_algorithm_list_none(s3: Any, bucket: str) -> None:
    names = {"Bucket": bucket, "Key": "k"}
    names["UploadId"] = s3.create_multipart_upload(**names)["UploadId"]
    sent = s3.upload_part(**names, PartNumber=1, Body=b"x", ChecksumAlgorithm="SHA256")
    assert sent["ChecksumSHA256"] == text_of("SHA256", b"x")
    listed = s3.list_parts(**names)
    assert "ChecksumAlgorithm" not in listed
    assert not [name for name in listed["Parts"][0] if name.startswith("Checksum")]
    part = {"PartNumber": 1, "ETag": sent["ETag"]}
    done = s3.complete_multipart_upload(**names, MultipartUpload={"Parts": [part]})
    assert (done["ChecksumCRC64NVME"], done["ChecksumType"]) == (text_of("CRC64NVME", b"x"), "FULL_OBJECT")


def test_a_wrong_size_of_the_whole(s3: Any, bucket: str) -> None:
    names = {"Bucket": bucket, "Key": "k"}
    names["UploadId"] = s3.create_multipart_upload(**names)["UploadId"]
    part = {"PartNumber": 1, "ETag": s3.upload_part(**names, PartNumber=1, Body=b"x")["ETag"]}
    with api_error("InvalidRequest", 400):
        s3.complete_multipart_upload(**names, MultipartUpload={"Parts": [part]}, MpuObjectSize=2)


@every_algorithm
def test_a_copy_by_another_algorithm(s3: Any, bucket: str, algorithm: str) -> None:
    body = b"copied" * 50_000
    s3.put_object(Bucket=bucket, Key="k", Body=body, ChecksumAlgorithm="CRC32")
    copy = s3.copy_object(Bucket=bucket, Key="to", CopySource=f"{bucket}/k", ChecksumAlgorithm=algorithm)
    name = f"Checksum{algorithm}"
    assert copy["CopyObjectResult"][name] == text_of(algorithm, body)
    head = s3.head_object(Bucket=bucket, Key="to", ChecksumMode="ENABLED")
    assert head[name] == text_of(algorithm, body)


def test_a_put_without_one_gets_crc64nvme(server: Server, s3: Any, bucket: str) -> None:
    answer = send(server, Signer(server).sign("PUT", f"/{bucket}/k", b"plain"))
    assert answer.status == 200
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert head["ChecksumCRC64NVME"] == text_of("CRC64NVME", b"plain")


def test_documents_are_held_against_theirs(server: Server, s3: Any, bucket: str) -> None:
    """A body that isn't an object's: refused as well when it isn't what its checksum says."""
    document = b"<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag></TagSet></Tagging>"
    for algorithm in DIGESTS:
        header = f"x-amz-checksum-{algorithm.lower()}"
        wrong = Signer(server).sign("PUT", f"/{bucket}?tagging", document, {header: text_of(algorithm, b"")})
        answer = send(server, wrong)
        assert answer.status == 400
        assert b"<Code>BadDigest</Code>" in answer.body
        right = Signer(server).sign("PUT", f"/{bucket}?tagging", document, {header: text_of(algorithm, document)})
        assert send(server, right).status == 204
