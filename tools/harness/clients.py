"""Real clients, pointed at a server: boto3, the AWS CLI, rclone, s3cmd, restic, curl."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from tools.harness.server import PROFILE, Server, clean_environment

LOCAL_SUFFIXES = (".localhost", ".amazonaws.com", ".api.aws")


def boto_client(server: Server, service: str = "s3", **overrides: Any) -> Any:
    """A boto3 client that doesn't retry, so that each answer is seen as it came."""
    credentials = server.credentials()
    config = Config(
        retries={"total_max_attempts": 1},
        s3={"addressing_style": overrides.pop("addressing_style", "path")},
        connect_timeout=10,
        read_timeout=120,
        max_pool_connections=64,
    ).merge(overrides.pop("config", Config()))
    arguments = {
        "endpoint_url": server.endpoint,
        "region_name": credentials.region,
        "aws_access_key_id": credentials.access_key,
        "aws_secret_access_key": credentials.secret_key,
        "config": config,
    } | overrides
    return boto3.session.Session().client(service, **arguments)


def resolve_names_locally(monkeypatch: Any) -> None:
    """Sends localhost and every name under it and amazonaws.com to this machine, inside this process."""
    real = socket.getaddrinfo

    def local(host: Any, *arguments: Any, **named: Any) -> Any:
        if isinstance(host, str) and (host == "localhost" or host.endswith(LOCAL_SUFFIXES)):
            host = "127.0.0.1"
        return real(host, *arguments, **named)

    monkeypatch.setattr(socket, "getaddrinfo", local)


class CommandLine:
    """Runs outside programs with the server's HOME, where its profile is."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.environment = clean_environment(server.home)
        self.environment.update(AWS_PROFILE=PROFILE, AWS_PAGER="", AWS_EC2_METADATA_DISABLED="true")
        # The tests' own boto3 has awscrt; what users install has not, and signs by itself.
        self.environment["BOTO_DISABLE_CRT"] = "true"

    def run(self, *command: str, check: bool = True, timeout_seconds: float = 300, **named: Any) -> Any:
        """Output and errors as text. With check, a non-zero exit is an error that shows both."""
        named.setdefault("text", True)
        named.setdefault("env", self.environment)
        result = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout_seconds,
            **named,
        )
        if check and result.returncode != 0:
            raise AssertionError(
                f"{' '.join(command)} ended with {result.returncode}\n{result.stdout}\n{result.stderr}"
            )
        return result

    def aws(self, *arguments: str, **named: Any) -> Any:
        """The AWS CLI of .venv with the profile as written by the server: no --endpoint-url."""
        return self.run(sys.executable, "-m", "awscli", *arguments, **named)

    def curl(self, *arguments: str, **named: Any) -> Any:
        return self.run("curl", "--silent", "--show-error", "--max-time", "60", *arguments, **named)

    def rclone(self, *arguments: str, **named: Any) -> Any:
        credentials = self.server.credentials()
        self.environment.update(
            RCLONE_CONFIG="/dev/null",
            RCLONE_CONFIG_AEROLITH_TYPE="s3",
            RCLONE_CONFIG_AEROLITH_PROVIDER="Other",
            RCLONE_CONFIG_AEROLITH_ENDPOINT=self.server.endpoint,
            RCLONE_CONFIG_AEROLITH_REGION=credentials.region,
            RCLONE_CONFIG_AEROLITH_ACCESS_KEY_ID=credentials.access_key,
            RCLONE_CONFIG_AEROLITH_SECRET_ACCESS_KEY=credentials.secret_key,
            RCLONE_CONFIG_AEROLITH_FORCE_PATH_STYLE="true",
        )
        return self.run("rclone", "--retries", "1", *arguments, **named)

    def s3cmd(self, *arguments: str, **named: Any) -> Any:
        return self.run("s3cmd", f"--config={self._s3cmd_config()}", "--no-progress", *arguments, **named)

    def restic(self, repository: str, *arguments: str, **named: Any) -> Any:
        """`repository` is bucket/prefix."""
        credentials = self.server.credentials()
        environment = {
            "AWS_ACCESS_KEY_ID": credentials.access_key,
            "AWS_SECRET_ACCESS_KEY": credentials.secret_key,
            "AWS_DEFAULT_REGION": credentials.region,
            "RESTIC_PASSWORD": "secret",
            "RESTIC_REPOSITORY": f"s3:{self.server.endpoint}/{repository}",
        }
        return self.run("restic", "--no-cache", *arguments, env=self.environment | environment, **named)

    def _s3cmd_config(self) -> Path:
        credentials = self.server.credentials()
        host = f"127.0.0.1:{self.server.port}"
        path = self.server.home / ".s3cfg"
        path.write_text(
            "[default]\n"
            f"access_key = {credentials.access_key}\nsecret_key = {credentials.secret_key}\n"
            f"host_base = {host}\nhost_bucket = {host}\nuse_https = False\n"
            f"bucket_location = {credentials.region}\nmax_retries = 1\n"
        )
        return path


def has_program(name: str) -> bool:
    return shutil.which(name) is not None
