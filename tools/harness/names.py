"""Host names that clients ask for, and where a server answers for them."""

from __future__ import annotations

import re
import tomllib

import botocore.session
from botocore.config import Config

from tools.harness.server import REPOSITORY, Server


def dns_addresses(server: Server) -> list[str]:
    """Where it answers queries, from its log."""
    return re.findall(r"answering DNS queries.*?(\[?[0-9a-f.:]+\]?:\d+)\"?\s*$", server.log(), re.MULTILINE)


def endpoint_names(region: str = "us-east-1") -> list[str]:
    """The host that botocore asks for each service that Aerolith knows, in all variants that it has."""
    services = [name for name, value in tomllib.loads((REPOSITORY / "operations.toml").read_text()).items()]
    session = botocore.session.Session()
    names = set()
    for service in services:
        for variant in range(4):
            config = Config(use_dualstack_endpoint=bool(variant & 1), use_fips_endpoint=bool(variant & 2))
            client = session.create_client(
                service, region_name=region, aws_access_key_id="a", aws_secret_access_key="b", config=config
            )
            names.add(client.meta.endpoint_url.removeprefix("https://"))
    assert len(names) > 60
    return sorted(names)
