"""The tour: a fresh cloud on this machine, its main jobs with real clients, and away again.

python -m tools.tour (make tour builds first)
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from tools.harness.server import REPOSITORY
from tools.tour import ec2_steps, identity_steps, s3_steps
from tools.tour.cloud import Cloud
from tools.tour.report import Report, StepFailed

FREE_BYTES_NEEDED = 7 << 30


def main() -> int:
    folder = REPOSITORY / "build/tour"
    report = Report(folder / "tour.log")
    work = Path(tempfile.mkdtemp(prefix="run-", dir=folder))
    cloud = Cloud(work, report)
    print(f"\n  A tour of Aerolith: {cloud.server.endpoint}, fresh data folder")
    try:
        with report.step("room on the disk") as step:
            free = shutil.disk_usage(work).free
            step.detail = f"{free >> 30} GiB free"
            if free < FREE_BYTES_NEEDED:
                raise StepFailed(f"{free >> 30} GiB free, {FREE_BYTES_NEEDED >> 30} needed")
        with report.step("aerolith up"):
            cloud.aerolith("up")
        report.part("S3")
        s3_steps.run(report, cloud, work)
        report.part("identity")
        identity_steps.run(report, cloud, s3_steps.BUCKET)
        report.part("instances")
        had_instances = ec2_steps.run(report, cloud, work, s3_steps.BUCKET)
        report.part("the end")
        with report.step("aerolith down"):
            cloud.aerolith("down", *(["--instances"] if had_instances else []))
        with report.step("clean up"):
            shutil.rmtree(work)
    except Exception as error:
        report.log(repr(error))
        cloud.make_sure_it_is_down()
        print(f"  kept for a look: {work}")
    except KeyboardInterrupt:
        cloud.make_sure_it_is_down()
        print(f"\n  interrupted; kept: {work}")
    return 0 if report.summary() else 1


if __name__ == "__main__":
    sys.exit(main())
