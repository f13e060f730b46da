"""Terraform with AWS's provider, in a folder of its own.

The provider is looked for in a plugin folder (TF_PLUGIN_DIR, else /opt/tf-plugins): nothing is downloaded.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tools.harness.server import Server, clean_environment

PLUGINS = Path(os.environ.get("TF_PLUGIN_DIR", "/opt/tf-plugins"))


class Terraform:
    def __init__(self, server: Server, folder: Path) -> None:
        self.folder = folder
        credentials = server.credentials()
        self.environment = clean_environment(server.home) | {
            "AWS_ACCESS_KEY_ID": credentials.access_key,
            "AWS_SECRET_ACCESS_KEY": credentials.secret_key,
            "AWS_EC2_METADATA_DISABLED": "true",
            "TF_IN_AUTOMATION": "1",
            "CHECKPOINT_DISABLE": "1",
        }
        endpoint = server.endpoint
        (folder / "provider.tf").write_text(
            f"""
terraform {{
  required_providers {{
    aws = {{ source = "hashicorp/aws" }}
  }}
}}
variable "stage" {{ default = "one" }}
provider "aws" {{
  region                      = "us-east-1"
  skip_metadata_api_check     = true
  skip_region_validation      = true
  endpoints {{
    ec2 = "{endpoint}"
    sts = "{endpoint}"
    iam = "{endpoint}"
    ssm = "{endpoint}"
  }}
}}
"""
        )

    def run(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        result = subprocess.run(
            ["terraform", *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert not check or result.returncode == 0, result.stdout[-4000:] + result.stderr[-4000:]
        return result

    def plan_is_empty(self, *variables: str) -> bool:
        result = self.run("plan", "-detailed-exitcode", "-no-color", *variables, check=False)
        assert result.returncode in (0, 2), result.stdout[-4000:] + result.stderr[-4000:]
        if result.returncode == 2:
            print(result.stdout)
        return result.returncode == 0

    def state(self) -> list[dict[str, Any]]:
        shown = json.loads(self.run("show", "-json").stdout)
        return shown.get("values", {}).get("root_module", {}).get("resources", [])


def what_terraform_lacks() -> str:
    """Why Terraform can't be run on this machine; empty where it can."""
    if shutil.which("terraform") is None:
        return "terraform isn't on this machine"
    if not list(PLUGINS.glob("registry.terraform.io/hashicorp/aws/*/*/terraform-provider-aws*")):
        return f"no plugin of terraform-provider-aws under {PLUGINS}"
    return ""


def make_terraform(server: Server, folder: Path) -> Terraform:
    """Where it lacks nothing."""
    made = Terraform(server, folder)
    made.run("init", "-no-color", f"-plugin-dir={PLUGINS}")
    return made
