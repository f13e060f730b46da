"""Disks to import: files of many forms, a bucket for them, the role that reads it, and the tasks of one test."""

from __future__ import annotations

import hashlib
import json
import os
import struct
import subprocess
import uuid
from pathlib import Path
from typing import Any

from tools.harness.clients import boto_client
from tools.harness.instances import wait_for
from tools.harness.server import Server

MIB = 1 << 20
SERVICE = "vmie.amazonaws.com"
READS = ["s3:GetBucketLocation", "s3:GetObject", "s3:ListBucket"]


def trust(service: str = SERVICE, external_id: str = "vmimport") -> str:
    """As AWS's user guide has it."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:Externalid": external_id}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def rights(bucket: str, actions: list[str] = READS) -> str:
    resources = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    statement = {"Effect": "Allow", "Action": actions, "Resource": resources}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def make_disk(file: Path, mebibytes: int = 64) -> Path:
    """A raw one, random at its beginning and its end."""
    with file.open("wb") as opened:
        opened.write(os.urandom(MIB + 512))
        opened.seek((mebibytes - 1) * MIB)
        opened.write(os.urandom(MIB))
    return file


def packed(raw: Path, driver: str, options: str = "") -> Path:
    """The disk in one of QEMU's forms."""
    made = raw.with_name(f"{raw.stem}-{driver}{options.replace('=', '-')}")
    chosen = ["-o", options] if options else []
    command = ["qemu-img", "convert", "-f", "raw", "-O", driver, *chosen, str(raw), str(made)]
    subprocess.run(command, check=True, capture_output=True)
    return made


def vmdk(raw: Path) -> Path:
    return packed(raw, "vmdk", "subformat=streamOptimized")


def with_descriptor(honest: Path, descriptor: str, keeps_capacity: bool = True) -> bytes:
    """A stream-optimized VMDK that says something else of itself."""
    image = bytearray(honest.read_bytes())
    image[512:1536] = descriptor.encode().ljust(1024, b"\0")
    if not keeps_capacity:
        image[12:20] = struct.pack("<Q", 0)
    return bytes(image)


class Imports:
    """What one test imports, and all that comes of it."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.ec2 = boto_client(server, "ec2")
        self.s3 = boto_client(server, "s3")
        self.iam = boto_client(server, "iam")
        self.bucket = f"disks-{uuid.uuid4().hex[:12]}"
        self.roles: list[str] = []
        self.s3.create_bucket(Bucket=self.bucket)
        self.folder = server.data_folder / "blocks/imports"

    def make_role(self, name: str = "vmimport", document: str = "", policy: str = "") -> str:
        self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=document or trust())
        self.roles.append(name)
        self.iam.put_role_policy(RoleName=name, PolicyName="disks", PolicyDocument=policy or rights(self.bucket))
        return name

    def put(self, source: Path | bytes) -> dict[str, str]:
        """Where the API is told to find it."""
        body = source if isinstance(source, bytes) else source.read_bytes()
        key = f"vms/{hashlib.sha256(body).hexdigest()[:16]}"
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=body)
        return {"S3Bucket": self.bucket, "S3Key": key}

    def put_large(self, parts: int = 8, mebibytes: int = 64) -> dict[str, str]:
        """Random, of that many parts; only one of them goes over the wire."""
        source = self.put(os.urandom(mebibytes * MIB))
        where = {"Bucket": self.bucket, "Key": "vms/large"}
        upload = self.s3.create_multipart_upload(**where)["UploadId"]
        made = []
        for number in range(1, parts + 1):
            copied = self.s3.upload_part_copy(
                **where,
                UploadId=upload,
                PartNumber=number,
                CopySource={"Bucket": self.bucket, "Key": source["S3Key"]},
            )
            made.append({"PartNumber": number, "ETag": copied["CopyPartResult"]["ETag"]})
        self.s3.complete_multipart_upload(**where, UploadId=upload, MultipartUpload={"Parts": made})
        return {"S3Bucket": self.bucket, "S3Key": "vms/large"}

    def begin_snapshot(self, source: Path | bytes | dict[str, str], form: str = "RAW", **more: Any) -> dict[str, Any]:
        place = source if isinstance(source, dict) else self.put(source)
        return dict(self.ec2.import_snapshot(DiskContainer={"Format": form, "UserBucket": place}, **more))

    def begin_image(self, *sources: Path | bytes, form: str = "RAW", **more: Any) -> dict[str, Any]:
        disks = [{"Format": form, "UserBucket": self.put(source)} for source in sources]
        return dict(self.ec2.import_image(DiskContainers=disks, **more))

    def task(self, task: str) -> dict[str, Any]:
        """Status and StatusMessage in it are the task's, of whichever kind."""
        if task.startswith("import-ami-"):
            return dict(self.ec2.describe_import_image_tasks(ImportTaskIds=[task])["ImportImageTasks"][0])
        shown = self.ec2.describe_import_snapshot_tasks(ImportTaskIds=[task])["ImportSnapshotTasks"][0]
        return {**shown, **shown["SnapshotTaskDetail"]}

    def end(self, task: str, status: str = "completed", seconds: float = 120) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            seen = self.task(task)
            over = seen["Status"] in ("completed", "deleted")
            assert not over or seen["Status"] == status, seen
            return seen if over else None

        return wait_for(f"{task} to be {status}", look, seconds)

    def snapshot(self, source: Path | bytes | dict[str, str], form: str = "RAW") -> str:
        return str(self.end(self.begin_snapshot(source, form)["ImportTaskId"])["SnapshotId"])

    def refusal(self, source: Path | bytes, form: str) -> str:
        """What the task of such a disk ends with."""
        ended = self.end(self.begin_snapshot(source, form)["ImportTaskId"], "deleted")
        assert "SnapshotId" not in ended
        return str(ended["StatusMessage"])

    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())

    def clear(self) -> None:
        for task in self.ec2.describe_import_image_tasks()["ImportImageTasks"]:
            if task["Status"] == "active":
                self.ec2.cancel_import_task(ImportTaskId=task["ImportTaskId"])
                self.end(task["ImportTaskId"], "deleted")
            if (
                "ImageId" in task
                and self.ec2.describe_images(Filters=[{"Name": "image-id", "Values": [task["ImageId"]]}])["Images"]
            ):
                self.ec2.deregister_image(ImageId=task["ImageId"], DeleteAssociatedSnapshots=True)
        for task in self.ec2.describe_import_snapshot_tasks()["ImportSnapshotTasks"]:
            detail = task["SnapshotTaskDetail"]
            if detail["Status"] == "active":
                self.ec2.cancel_import_task(ImportTaskId=task["ImportTaskId"])
                self.end(task["ImportTaskId"], "deleted")
        for snapshot in self.ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]:
            if snapshot["Description"].startswith("Created by AWS-VMImport service"):
                self.ec2.delete_snapshot(SnapshotId=snapshot["SnapshotId"])
        for each in self.s3.list_objects_v2(Bucket=self.bucket).get("Contents", []):
            self.s3.delete_object(Bucket=self.bucket, Key=each["Key"])
        self.s3.delete_bucket(Bucket=self.bucket)
        for role in self.roles:
            self.iam.delete_role_policy(RoleName=role, PolicyName="disks")
            self.iam.delete_role(RoleName=role)
