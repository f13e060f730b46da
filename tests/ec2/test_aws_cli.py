"""An instance's life by the AWS CLI, as its user guide has it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tools.harness.clients import CommandLine
from tools.harness.instances import Guests, Login, wait_for


def test_from_the_key_to_the_end(guests: Guests, tmp_path: Path) -> None:
    line = CommandLine(guests.server)

    def ec2(*arguments: str) -> Any:
        text = line.aws("ec2", *arguments, "--output", "json").stdout
        return json.loads(text) if text.strip() else None

    def query(instance: str, what: str) -> Any:
        return ec2("describe-instances", "--instance-ids", instance, "--query", f"Reservations[0].Instances[0].{what}")

    key = tmp_path / "walk.pem"
    key.write_text(ec2("create-key-pair", "--key-name", "walk", "--query", "KeyMaterial"))
    key.chmod(0o600)
    script = tmp_path / "first.sh"
    script.write_text("#!/bin/sh\necho walked this way > /walked\necho walked to the console > /dev/console\n")
    launch = ("--image-id", guests.image, "--instance-type", "t3.nano", "--key-name", "walk")
    tags = ("--tag-specifications", "ResourceType=instance,Tags=[{Key=Name,Value=walk}]")
    made = ec2("run-instances", *launch, "--security-group-ids", guests.group, "--user-data", f"file://{script}", *tags)
    instance = made["Instances"][0]["InstanceId"]
    guests.made.append(instance)
    ec2("wait", "instance-running", "--instance-ids", instance)
    assert query(instance, "Tags") == [{"Key": "Name", "Value": "walk"}]
    shell = Login(query(instance, "PublicIpAddress"), key).wait()
    wait_for("user data", lambda: shell.attempt("cat /walked").stdout == "walked this way\n")
    ec2("wait", "instance-status-ok", "--instance-ids", instance)

    def console() -> str:
        return str(line.aws("ec2", "get-console-output", "--instance-id", instance, "--output", "text").stdout)

    wait_for("the console", lambda: "walked to the console" in console())
    stopping = ec2("stop-instances", "--instance-ids", instance)["StoppingInstances"][0]
    assert (stopping["PreviousState"]["Name"], stopping["CurrentState"]["Name"]) == ("running", "stopping")
    ec2("wait", "instance-stopped", "--instance-ids", instance)
    assert "walked to the console" in console(), "it is down, and its console stays"
    ec2("terminate-instances", "--instance-ids", instance)
    ec2("wait", "instance-terminated", "--instance-ids", instance)
    guests.made.remove(instance)
    assert query(instance, "State.Name") == "terminated"
    assert "walked to the console" in console()
    ec2("delete-key-pair", "--key-name", "walk")
