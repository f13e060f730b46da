"""The S3 part of the tour."""

from __future__ import annotations

import json
import time
from pathlib import Path

from tools.harness.clients import boto_client
from tools.harness.load import Ledger, LoadWorker, lost, read_all
from tools.harness.server import REPOSITORY
from tools.harness.trees import differences, digests
from tools.tour.cloud import Cloud
from tools.tour.material import gather_tree, write_large_file
from tools.tour.report import Report, StepFailed

LARGE_FILE_BYTES = 2 << 30
LOAD_SECONDS = 6.0
LOAD_CLIENTS = 6
BUCKET = "tour"


def mebibytes(size_bytes: int) -> str:
    return f"{size_bytes / (1 << 20):,.0f} MiB"


def rate(size_bytes: int, seconds: float) -> str:
    return f"{size_bytes / (1 << 20) / max(seconds, 0.001):,.0f} MiB/s"


def sync_a_tree(report: Report, cloud: Cloud, work: Path) -> int:
    """Answers how many files went up."""
    sent, back = work / "sent", work / "back"
    with report.step("gather files of this machine") as step:
        count, size = gather_tree(sent, REPOSITORY, cloud.server.binary)
        step.detail = f"{count} files, {mebibytes(size)}"
    with report.step("aws s3 mb"):
        cloud.aws("s3", "mb", f"s3://{BUCKET}")
    started = time.monotonic()
    with report.step("aws s3 sync: up") as step:
        cloud.aws("s3", "sync", "--only-show-errors", str(sent), f"s3://{BUCKET}/tree")
        step.detail = f"{count / (time.monotonic() - started):.0f} files/s"
    started = time.monotonic()
    with report.step("aws s3 sync: back") as step:
        cloud.aws("s3", "sync", "--only-show-errors", f"s3://{BUCKET}/tree", str(back))
        step.detail = f"{count / (time.monotonic() - started):.0f} files/s"
    with report.step("compare byte for byte") as step:
        wrong = differences(digests(sent), digests(back))
        report.log("\n".join(wrong))
        if wrong:
            raise StepFailed(f"{len(wrong)} files differ, first {wrong[0]}")
        step.detail = f"{count} files are the same"
    with report.step("sync again: nothing to do"):
        again = cloud.aws("s3", "sync", "--no-progress", str(sent), f"s3://{BUCKET}/tree")
        if again.strip():
            raise StepFailed(f"files were sent again: {again.splitlines()[0]}")
    return count


def carry_a_large_file(report: Report, cloud: Cloud, work: Path) -> Path:
    large = work / "large"
    with report.step("write a large file") as step:
        expected = write_large_file(large, LARGE_FILE_BYTES)
        step.detail = mebibytes(LARGE_FILE_BYTES)
    started = time.monotonic()
    with report.step("multipart upload") as step:
        cloud.aws("s3", "cp", "--only-show-errors", str(large), f"s3://{BUCKET}/large")
        head = json.loads(cloud.aws("s3api", "head-object", "--bucket", BUCKET, "--key", "large"))
        parts = head["ETag"].strip('"').partition("-")[2]
        if not parts:
            raise StepFailed("it did not go up in parts")
        step.detail = f"{parts} parts, {rate(LARGE_FILE_BYTES, time.monotonic() - started)}"
    started = time.monotonic()
    with report.step("read it back and compare") as step:
        found, size = cloud.aws_digest("s3", "cp", "--only-show-errors", f"s3://{BUCKET}/large", "-")
        if (found, size) != (expected, LARGE_FILE_BYTES):
            raise StepFailed(f"{size} bytes came back, and they differ")
        step.detail = rate(LARGE_FILE_BYTES, time.monotonic() - started)
    return large


def read_in_parts(report: Report, cloud: Cloud, work: Path, large: Path) -> None:
    with report.step("ranged reads") as step:
        ranges = [(0, 0), (8 * 1024 * 1024 - 5, 8 * 1024 * 1024 + 5), (LARGE_FILE_BYTES - 1000, LARGE_FILE_BYTES - 1)]
        for first, last in ranges:
            out = work / "range"
            cloud.aws(
                "s3api",
                "get-object",
                "--bucket",
                BUCKET,
                "--key",
                "large",
                "--range",
                f"bytes={first}-{last}",
                str(out),
            )
            with large.open("rb") as file:
                file.seek(first)
                if out.read_bytes() != file.read(last - first + 1):
                    raise StepFailed(f"bytes {first} to {last} differ")
        step.detail = f"{len(ranges)} ranges"
    with report.step("conditional reads"):
        names = ("--bucket", BUCKET, "--key", "large")
        tag = json.loads(cloud.aws("s3api", "head-object", *names))["ETag"]
        cloud.aws("s3api", "head-object", *names, "--if-match", tag)
        for condition, status in (("--if-none-match", "304"), ("--if-match", "412")):
            value = tag if status == "304" else '"00000000000000000000000000000000"'
            said = cloud.aws("s3api", "head-object", *names, condition, value, fails=True)
            if status not in said:
                raise StepFailed(f"{condition} answered {said.strip()}, not {status}")


def use_a_link(report: Report, cloud: Cloud, work: Path) -> None:
    with report.step("presigned link with curl"):
        key = "tree/odd names/ünïcödé-ñ.txt"
        url = cloud.aws("s3", "presign", f"s3://{BUCKET}/{key}").strip()
        got = cloud.clients.curl("--fail", url, text=False).stdout
        if got != (work / "sent/odd names/ünïcödé-ñ.txt").read_bytes():
            raise StepFailed("curl got other bytes")
        forged = cloud.clients.curl(
            "--output", "/dev/null", "--write-out", "%{http_code}", url.replace("/tree/", "/other/")
        ).stdout
        if forged != "403":
            raise StepFailed(f"a forged link answered {forged}")


def survive_a_kill(report: Report, cloud: Cloud, count: int) -> None:
    ledger = Ledger()
    bucket = "load"
    with report.step("kill -9 in the middle of a load") as step:
        boto_client(cloud.server).create_bucket(Bucket=bucket)
        workers = [
            LoadWorker(lambda: boto_client(cloud.server), bucket, ledger, number, seed=number)
            for number in range(LOAD_CLIENTS)
        ]
        for worker in workers:
            worker.start()
        time.sleep(LOAD_SECONDS)
        cloud.kill()
        for worker in workers:
            worker.stopping.set()
            worker.join(60)
            if worker.problem is not None:
                raise StepFailed(f"a client saw {worker.problem}")
        if ledger.acknowledged_count < LOAD_CLIENTS:
            raise StepFailed(f"only {ledger.acknowledged_count} operations got through before the kill")
        step.detail = f"{ledger.acknowledged_count} operations acknowledged by {LOAD_CLIENTS} clients"
    with report.step("start again"):
        cloud.aerolith("up")
    with report.step("nothing acknowledged is lost") as step:
        found = read_all(boto_client(cloud.server), bucket)
        missing = lost(ledger, found)
        report.log("\n".join(missing))
        if missing:
            raise StepFailed(f"{len(missing)} keys are wrong, first {missing[0]}")
        summary = cloud.aws("s3", "ls", "--recursive", "--summarize", f"s3://{BUCKET}/tree/")
        if f"Total Objects: {count}" not in summary:
            raise StepFailed("files of the tree are gone")
        step.detail = f"{len(ledger.keys)} keys read and right, tree whole"


def run(report: Report, cloud: Cloud, work: Path) -> None:
    count = sync_a_tree(report, cloud, work)
    large = carry_a_large_file(report, cloud, work)
    read_in_parts(report, cloud, work, large)
    use_a_link(report, cloud, work)
    survive_a_kill(report, cloud, count)
