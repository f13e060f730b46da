"""What a test says about an answer that must be an error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from botocore.exceptions import ClientError


@contextmanager
def api_error(code: str, status: int) -> Iterator[pytest.ExceptionInfo[ClientError]]:
    """The block's call must fail with this AWS error code and HTTP status."""
    with pytest.raises(ClientError) as caught:
        yield caught
    response = caught.value.response
    found = (response["Error"].get("Code"), response["ResponseMetadata"]["HTTPStatusCode"])
    assert found == (code, status), f"{found}: {response['Error']}"
