"""Codes of a virtual MFA device, made as RFC 6238 says, without the server's help."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time


def code(seed: bytes, step: int) -> str:
    mac = hmac.new(base64.b32decode(seed), step.to_bytes(8, "big"), hashlib.sha1).digest()
    at = mac[-1] & 15
    return f"{(int.from_bytes(mac[at : at + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"


def step_now() -> int:
    return int(time.time()) // 30


def two_codes(seed: bytes, first: int) -> dict[str, str]:
    return {"AuthenticationCode1": code(seed, first), "AuthenticationCode2": code(seed, first + 1)}
