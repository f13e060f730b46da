"""The tour's environment once more, described as code: by Terraform, and by a play of Ansible."""

from __future__ import annotations

import socket
from pathlib import Path

from tools.harness.ansible import play, what_ansible_lacks
from tools.harness.instances import Guests, traces_of, wait_for
from tools.harness.terraform import make_terraform, what_terraform_lacks
from tools.tour.report import Report, StepFailed

ENVIRONMENT = Path(__file__).parent / "environment"


def _is_open(address: str) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((address, 22)) == 0


def _terraform(report: Report, guests: Guests, folder: Path) -> None:
    lacks = what_terraform_lacks()
    if lacks:
        report.leave_out(("the same environment with Terraform",), lacks)
        return
    folder.mkdir()
    (folder / "main.tf").write_text((ENVIRONMENT / "main.tf").read_text())
    before = traces_of(guests.server)
    with report.step("terraform apply: network, instance, volume") as step:
        terraform = make_terraform(guests.server, folder)
        terraform.run("apply", "-auto-approve", "-no-color")
        address = terraform.run("output", "-raw", "address").stdout
        wait_for("its port of logins", lambda: _is_open(address), 20)
        step.detail = f"{len(terraform.state())} resources, the instance at {address}"
    with report.step("terraform plan: nothing to do"):
        if not terraform.plan_is_empty():
            raise StepFailed("the plan isn't empty")
    with report.step("terraform destroy: nothing is left"):
        terraform.run("destroy", "-auto-approve", "-no-color")
        if traces_of(guests.server) != before:
            raise StepFailed(f"left: {traces_of(guests.server)}")


def _ansible(report: Report, guests: Guests, folder: Path) -> None:
    lacks = what_ansible_lacks()
    if lacks:
        report.leave_out(("the same environment with Ansible",), lacks)
        return
    folder.mkdir()
    before = traces_of(guests.server)
    text = (ENVIRONMENT / "play.yml").read_text()
    with report.step("an Ansible play: network, instance, volume") as step:
        step.detail = f"{len(play(guests.server, folder, text, image=guests.image))} tasks changed something"
    with report.step("the play again: nothing to do"):
        if changed := play(guests.server, folder, text, image=guests.image):
            raise StepFailed(f"changed: {changed}")
    with report.step("its removal: nothing is left"):
        play(guests.server, folder, (ENVIRONMENT / "removal.yml").read_text())
        if traces_of(guests.server) != before:
            raise StepFailed(f"left: {traces_of(guests.server)}")


def run(report: Report, guests: Guests, work: Path) -> None:
    report.part("as code")
    _terraform(report, guests, work / "terraform")
    _ansible(report, guests, work / "ansible")
