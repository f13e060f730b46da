"""Terraform's AWS provider on everything of IAM: apply, an empty plan, a change of nearly all of it, destroy."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tools.harness.certificates import openssl
from tools.harness.clients import boto_client
from tools.harness.saml import Idp
from tools.harness.server import Server
from tools.harness.terraform import make_terraform, what_terraform_lacks

STACK = Path(__file__).parent / "stacks" / "identity"
TWO = ("-var", "stage=two")


def test_everything(server: Server, tmp_path: Path) -> None:
    if lacks := what_terraform_lacks():
        pytest.skip(lacks)
    folder = tmp_path / "stack"
    shutil.copytree(STACK, folder)
    pair = ("-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem"))
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=example.com", *pair)
    subprocess.run(
        ("ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-C", "", "-f", str(folder / "key")), check=True
    )
    (folder / "metadata.xml").write_text(Idp(tmp_path).metadata())
    terraform = make_terraform(server, folder)
    iam = boto_client(server, "iam")
    terraform.run("apply", "-auto-approve", "-no-color")
    try:
        assert terraform.plan_is_empty()
        assert iam.get_user(UserName="tf-user")["User"]["Path"] == "/system/"
        terraform.run("apply", "-auto-approve", "-no-color", *TWO)
        assert terraform.plan_is_empty(*TWO)
        assert iam.get_user(UserName="tf-user-renamed")["User"]["Path"] == "/system2/"
        # What isn't Terraform's goes with the user (force_destroy).
        iam.create_access_key(UserName="tf-user-renamed")
    finally:
        terraform.run("destroy", "-auto-approve", "-no-color", *TWO)
    assert not [user for user in iam.list_users()["Users"] if user["UserName"].startswith("tf-")]
