"""Ansible's amazon.aws against a server, each play in a folder of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from tools.harness.server import Server, clean_environment


def what_ansible_lacks() -> str:
    """Why no play can be run on this machine; empty where one can."""
    if shutil.which("ansible-playbook") is None:
        return "ansible-playbook isn't on this machine"
    listed = subprocess.run(["ansible-galaxy", "collection", "list", "amazon.aws"], capture_output=True, text=True)
    return "" if "amazon.aws" in listed.stdout else "the collection amazon.aws isn't on this machine"


def play(server: Server, folder: Path, text: str, **variables: object) -> list[str]:
    """Runs it with these variables and `python`, which has boto3; answers which tasks changed something."""
    (folder / "play.yml").write_text(text)
    keys = server.credentials()
    environment = clean_environment(folder) | {
        "AWS_ACCESS_KEY_ID": keys.access_key,
        "AWS_SECRET_ACCESS_KEY": keys.secret_key,
        "AWS_REGION": keys.region,
        "AWS_ENDPOINT_URL": server.endpoint,
        "ANSIBLE_HOST_KEY_CHECKING": "false",
        "ANSIBLE_STDOUT_CALLBACK": "json",
        "ANSIBLE_LOCALHOST_WARNING": "false",
        # Its socket would lie in the folder that is HOME, whose path may be too long for one.
        "ANSIBLE_SSH_ARGS": "-o ControlMaster=no",
    }
    command = [
        "ansible-playbook",
        "-i",
        "localhost,",
        "play.yml",
        "-e",
        json.dumps({"folder": str(folder), "python": sys.executable, **variables}),
    ]
    done = subprocess.run(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=400
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    told = json.loads(done.stdout[done.stdout.index("{") :])
    tasks = [task for each in told["plays"] for task in each["tasks"]]
    return [task["task"]["name"] for task in tasks if any(host.get("changed") for host in task["hosts"].values())]
