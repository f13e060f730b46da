from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tools.harness.audit import wait_for_audit
from tools.harness.server import Server


@pytest.fixture
def event_of(server: Server) -> Callable[[Any], dict[str, Any]]:
    """event_of(answer of boto3, or the response of its error) -> its event"""

    def find(answer: dict[str, Any]) -> dict[str, Any]:
        return wait_for_audit(server, 1, "--request-id", answer["ResponseMetadata"]["RequestId"])[0]

    return find
