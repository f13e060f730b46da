"""Unmodified clients, asking AWS's own names without any endpoint, where those names lead here.

All runs in a network without a way out, whose only resolver is ours: nothing could reach AWS.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from Crypto.Hash import SHA256
from Crypto.Signature import pkcs1_15

from tools.harness.clients import CommandLine
from tools.harness.isolated import Isolated
from tools.harness.relying_party import decode, public_key
from tools.harness.server import Server, clean_environment, default_binary


@dataclass
class Inside:
    server: Server
    network: Isolated
    tools: CommandLine

    def run(self, *command: str, **named: Any) -> Any:
        return self.tools.run(*self.network.enter, *command, **named)

    def python(self, script: str) -> Any:
        """What it prints, which is JSON."""
        return json.loads(self.run(sys.executable, "-c", script).stdout)

    def aws(self, *arguments: str, **named: Any) -> Any:
        return self.run(sys.executable, "-m", "awscli", *arguments, **named)


@pytest.fixture
def inside(make_isolated: Callable[..., Isolated], make_server: Callable[..., Server]) -> Iterator[Inside]:
    network = make_isolated(resolver="127.0.0.1")
    server = make_server(
        start=False,
        AEROLITH_LISTEN="127.0.0.1:4566,127.0.0.1:443",
        AEROLITH_DNS_ENABLED="true",
        AEROLITH_DNS_LISTEN="127.0.0.1:53",
    )
    server.binary, server.port = network.wrap(default_binary()), 4566
    server.start()
    tools = CommandLine(server)
    # What `eval "$(aerolith env)"` gives, less the endpoint: as in a program that has its endpoints built in.
    variables = json.loads(server.command("env", "--json").stdout)
    del variables["AWS_ENDPOINT_URL"]
    tools.environment = clean_environment(server.root / "elsewhere") | variables
    tools.environment |= {"AWS_EC2_METADATA_DISABLED": "true", "AWS_PAGER": "", "BOTO_DISABLE_CRT": "true"}
    yield Inside(server, network, tools)
    assert server.stop() == 0


BOTO = """
import json, sys, boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from boto3.session import Session
def client(service, **config):
    config.setdefault("retries", {"total_max_attempts": 1})
    return boto3.client(service, config=Config(connect_timeout=10, read_timeout=60, **config))
def code_of(call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "answered"
"""


def test_a_relying_party_believes_a_token(inside: Inside) -> None:
    """It finds the issuer by our DNS, on port 443, and knows nothing of it but the CA."""
    found = inside.python(
        BOTO
        + """
import os, ssl, urllib.request
iam = client("iam")
issuer = iam.enable_outbound_web_identity_federation()["IssuerIdentifier"]
iam.create_user(UserName="ann")
policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:*", "Resource": "*"}]}
iam.put_user_policy(UserName="ann", PolicyName="rights", PolicyDocument=json.dumps(policy))
keys = iam.create_access_key(UserName="ann")["AccessKey"]
ann = Session(keys["AccessKeyId"], keys["SecretAccessKey"], region_name="us-east-1").client("sts")
answer = ann.get_web_identity_token(Audience=["us"], SigningAlgorithm="RS256")
trust = ssl.create_default_context(cafile=os.environ["AWS_CA_BUNDLE"])
def read(url):
    with urllib.request.urlopen(url, context=trust, timeout=30) as answer:
        return json.load(answer)
discovery = read(issuer + "/.well-known/openid-configuration")
told = {"issuer": issuer, "discovery": discovery, "keys": read(discovery["jwks_uri"])["keys"]}
print(json.dumps(told | {"token": answer["WebIdentityToken"]}))
"""
    )
    assert found["discovery"]["issuer"] == found["issuer"]
    head, body, signature = found["token"].split(".")
    (key,) = [key for key in found["keys"] if key["kid"] == json.loads(decode(head))["kid"]]
    pkcs1_15.new(public_key(key)).verify(SHA256.new(f"{head}.{body}".encode()), decode(signature))
    assert json.loads(decode(body))["iss"] == found["issuer"]


def test_boto3(inside: Inside) -> None:
    found = inside.python(
        BOTO
        + """
sts = client("sts")
s3 = client("s3")
s3.create_bucket(Bucket="hard-wired")
s3.put_object(Bucket="hard-wired", Key="k", Body=b"bytes")
dual = client("s3", use_dualstack_endpoint=True)
print(json.dumps({
    "sts": sts.meta.endpoint_url,
    "arn": sts.get_caller_identity()["Arn"],
    "fips": client("sts", use_fips_endpoint=True).get_caller_identity()["Arn"],
    "dual": client("sts", use_dualstack_endpoint=True).get_caller_identity()["Arn"],
    "s3": s3.meta.endpoint_url,
    "body": s3.get_object(Bucket="hard-wired", Key="k")["Body"].read().decode(),
    "dual_body": dual.get_object(Bucket="hard-wired", Key="k")["Body"].read().decode(),
    "iam": code_of(client("iam").list_users),
    "sagemaker": code_of(client("sagemaker").list_training_jobs),
    "s3control": code_of(client("s3control").list_jobs, AccountId="123456789012"),
}))
"""
    )
    assert found["sts"] == "https://sts.us-east-1.amazonaws.com"
    assert found["arn"] == found["fips"] == found["dual"]
    assert found["arn"].endswith(":root")
    assert found["s3"] == "https://s3.amazonaws.com"
    assert found["body"] == found["dual_body"] == "bytes"
    # Whether these are implemented or not: it is us who say so.
    for service in ("iam", "sagemaker", "s3control"):
        assert found[service] in ("answered", "NotImplemented"), found


def test_the_cli(inside: Inside) -> None:
    account = json.loads(inside.aws("sts", "get-caller-identity").stdout)["Account"]
    assert len(account) == 12
    inside.aws("s3", "mb", "s3://from-the-cli")
    (inside.server.root / "file").write_text("from the CLI")
    inside.aws("s3", "cp", str(inside.server.root / "file"), "s3://from-the-cli/deep/file")
    assert inside.aws("s3", "cp", "s3://from-the-cli/deep/file", "-").stdout == "from the CLI"
    assert "from-the-cli" in inside.aws("s3", "ls").stdout


def test_curl_by_bucket_name(inside: Inside) -> None:
    authority = ["--cacert", str(inside.server.ca_bundle)]
    fetch = ["curl", "--silent", "--show-error", "--max-time", "30", *authority]
    answer = inside.run(*fetch, "https://some-bucket.s3.eu-west-1.amazonaws.com/").stdout
    assert "<Code>" in answer
    other = inside.run(*fetch, "https://www.example.com/", check=False)
    assert other.returncode == 6  # no such host


GO = """package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
)

func main() {
	for _, url := range os.Args[1:] {
		answer, err := http.Get(url)
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		io.Copy(io.Discard, answer.Body)
		fmt.Println(answer.StatusCode, answer.TLS.PeerCertificates[0].DNSNames)
	}
}
"""


def test_go_s_own_resolver_and_tls(inside: Inside, tmp_path: Path) -> None:
    (tmp_path / "main.go").write_text(GO)
    # The machine's own cache: the standard library takes a minute to compile.
    go = {**os.environ, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOPROXY": "off"}
    inside.tools.run("go", "build", "-o", str(tmp_path / "get"), str(tmp_path / "main.go"), env=go)
    environment = {**inside.tools.environment, "SSL_CERT_FILE": str(inside.server.ca_bundle)}
    urls = [
        "https://sts.us-east-1.amazonaws.com/",
        "https://bucket.s3.us-east-1.amazonaws.com/",
        "https://dotted.bucket.s3.us-east-1.amazonaws.com/",
        "https://localhost/_aerolith/health",
    ]
    lines = inside.run(str(tmp_path / "get"), *urls, env=environment).stdout.splitlines()
    assert len(lines) == len(urls)
    assert "[sts.us-east-1.amazonaws.com]" in lines[0]
    assert lines[3].startswith("200 ")
