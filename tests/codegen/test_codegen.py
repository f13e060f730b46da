"""What the generator writes: a small model against golden files, and S3 as a whole.

After a wanted change: AEROLITH_UPDATE_GOLDEN=1 pytest tests/codegen, and read the diff.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CODEGEN = ROOT / "tools" / "codegen"
sys.path.insert(0, str(CODEGEN))

import emit_errors  # noqa: E402
import emit_model  # noqa: E402
import emit_operations  # noqa: E402
import emit_schema  # noqa: E402
import load  # noqa: E402
import names  # noqa: E402
import patterns  # noqa: E402
from build import Builder, ModelError  # noqa: E402
from model import Service  # noqa: E402


def small(operations: list[str]) -> Builder:
    raw = json.loads((HERE / "small.json").read_text())
    return Builder("small", "small", raw, operations, {})


def emitted() -> dict[str, str]:
    service = small(["GetThing", "PutThing"]).build()
    return {
        "model.h": emit_model.emit(service, "small"),
        "declarations.h": emit_model.declarations(service),
        **{p.removeprefix("small/"): text for p, text in emit_model.headers(service, "small").items()},
        "schema.h": emit_schema.header(service),
        "schema_0.cc": emit_schema.source(service, "small", 0, 1),
        "operations.h": emit_operations.header(service, "small"),
        "operations.cc": emit_operations.source(service, "small"),
        "errors.h": emit_errors.header(service, "small"),
        "errors.cc": emit_errors.source(service, "small"),
    }


@pytest.mark.parametrize("name", sorted(emitted()))
def test_golden(name: str) -> None:
    path = HERE / "golden" / name
    text = emitted()[name]
    if os.environ.get("AEROLITH_UPDATE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert path.read_text() == text


def test_parts_hold_each_shape_once() -> None:
    service = small(["GetThing", "PutThing"]).build()
    parts = [emit_schema.source(service, "small", part, 3) for part in range(3)]
    for shape in service.shapes:
        assert sum(f"constinit const Shape {shape.symbol}{{" in text for text in parts) == 1


def test_skipped_patterns_are_listed() -> None:
    assert small(["PutThing"]).build().skipped_patterns == ["Text: (?!aws:).*"]


def test_overrides_leave_constraints_out() -> None:
    raw = json.loads((HERE / "small.json").read_text())
    overrides = {"open_enums": ["Color"], "open_patterns": ["Name"]}
    shapes = {s.name: s for s in Builder("small", "small", raw, ["GetThing", "PutThing"], overrides).build().shapes}
    assert shapes["Color"].enum_values == ()
    assert shapes["Name"].pattern == ""
    assert (shapes["Name"].minimum, shapes["Name"].maximum) == (1, 64)


def test_s3_takes_an_encoded_copy_source() -> None:
    """AWS takes x-amz-copy-source: bucket%2Fkey, which the model's pattern refuses."""
    s3 = whole("s3", load.overrides("s3"))
    assert next(s for s in s3.shapes if s.name == "CopySource").pattern == ""


def test_unknown_operation_is_an_error() -> None:
    with pytest.raises(ModelError, match="NoThing"):
        small(["NoThing"])


@pytest.mark.parametrize(
    "aws, ours",
    [
        ("ETag", "etag"),
        ("ChecksumCRC64NVME", "checksum_crc64nvme"),
        ("SSECustomerKeyMD5", "sse_customer_key_md5"),
        ("SSEKMSKeyId", "sse_kms_key_id"),
        ("Delete", "delete_"),
        ("ListObjectsV2", "list_objects_v2"),
        ("VPCs", "vpcs"),
        ("DBInstanceArn", "db_instance_arn"),
        ("maxResults", "max_results"),
        ("Ipv6CidrBlock", "ipv6_cidr_block"),
        ("x-amz-thing", "x_amz_thing"),
        ("AMIId", "ami_id"),
    ],
)
def test_names(aws: str, ours: str) -> None:
    assert names.snake(aws) == ours


@pytest.mark.parametrize(
    "pattern, ours",
    [
        ("[a-z]{1,64}", "[a-z]{1,64}"),
        ("[a-z]{1,2048}", "[a-z]{1,}"),
        (r"[\u0020-\uD7FF\uE000-\uFFFD]*", r"[\x{20}-\x{D7FF}\x{E000}-\x{FFFD}]*"),
        (r"[\u0020-\uFF\uD800\uDC00-\uDBFF\uDFFF]", r"[\x{20}-\x{FF}\x{10000}-\x{10FFFF}]"),
        (r"\p{Print}+[\p{Alnum}\-]*\p{L}", r"[\x20-\x7E]+[a-zA-Z0-9\-]*\p{L}"),
        ("(?!aws:).*", None),
        (r"(a)\1", None),
        ("[a]{2000}", None),
    ],
)
def test_patterns(pattern: str, ours: str | None) -> None:
    assert patterns.for_re2(pattern) == ours


# Patterns that RE2 can't express and that aren't checked: a new pin of botocore may bring more.
SKIPPED_PATTERNS = {"ec2": 1, "iam": 1, "lambda": 5, "sagemaker": 12, "sagemaker-runtime": 2, "ssm": 14}
COMPILE_EACH = r"""
#include <re2/re2.h>
#include <iostream>
#include <string>
int main() {
  re2::RE2::Options quiet;
  quiet.set_log_errors(false);
  for (std::string pattern; std::getline(std::cin, pattern, '\0');) {
    const re2::RE2 compiled(pattern, quiet);
    if (!compiled.ok()) std::cout << pattern << ": " << compiled.error() << "\n";
  }
}
"""


def whole(service: str, overrides: dict) -> Service:
    """All of a service's operations, implemented or not."""
    folder = load.operations(ROOT / "operations.toml")[service].get("model", service)
    return Builder(service, names.namespace(service), load.model(folder, overrides), None, overrides).build()


def test_every_pattern_of_every_model_compiles(tmp_path: Path) -> None:
    services = [whole(name, {}) for name in sorted(load.operations(ROOT / "operations.toml"))]
    assert {s.name: len(s.skipped_patterns) for s in services if s.skipped_patterns} == SKIPPED_PATTERNS
    every = {shape.pattern for service in services for shape in service.shapes if shape.pattern}
    assert len(every) > 500
    source, program = tmp_path / "compile_each.cc", tmp_path / "compile_each"
    source.write_text(COMPILE_EACH)
    subprocess.run(["g++", "-std=c++17", source, "-o", program, "-lre2"], check=True, timeout=120)
    refused = subprocess.run([program], input="\0".join(every).encode(), stdout=subprocess.PIPE, check=True, timeout=60)
    assert refused.stdout.decode() == ""


def run(out: Path, *arguments: str) -> None:
    operations = ROOT / "operations.toml"
    subprocess.run(
        [sys.executable, CODEGEN, "--operations", operations, "--out", out, *arguments], check=True, timeout=60
    )


def test_only_changed_files_are_written(tmp_path: Path) -> None:
    run(tmp_path, "--service", "s3", "--parts", "2")
    before = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*.*")}
    assert any(p.name == "schema_1.cc" for p in before)
    time.sleep(0.02)
    run(tmp_path, "--service", "s3", "--parts", "2")
    assert before == {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*.*")}


def test_s3_structs(tmp_path: Path) -> None:
    run(tmp_path, "--service", "s3")
    model = (tmp_path / "s3" / "model" / "put_object_input.h").read_text()
    assert "struct PutObjectInput {" in model
    assert "std::optional<std::string> checksum_crc64nvme" in model
    # Streams are the handler's: no member holds them.
    assert " body = " not in model
    operations = (tmp_path / "s3" / "operations.h").read_text()
    assert "  put_bucket_cors,  // not implemented" in operations
