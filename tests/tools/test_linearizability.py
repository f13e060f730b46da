"""The checker of histories takes good ones and refuses each kind of bad one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tools.harness.history import Operation, check, missing_checker

pytestmark = pytest.mark.skipif(missing_checker() != "", reason=missing_checker())


def op(call: int, returned: int, kind: str, key: int = 0, result: str = "ok", **more: Any) -> Operation:
    answers = {name: more.pop(name) for name in ("found", "listed") if name in more}
    return Operation(call, {"kind": kind, "key": key, **more}, call, returned, {"result": result, **answers})


def put(call: int, returned: int, value: str, key: int = 0, result: str = "ok", **more: Any) -> Operation:
    return op(call, returned, "put", key, result, value=value, **more)


GOOD = {
    "one after the other": [
        put(1, 2, "a"),
        op(3, 4, "get", found="a"),
        op(5, 6, "delete"),
        op(7, 8, "get", result="absent"),
    ],
    "either order of what overlaps": [put(1, 9, "a"), put(1, 9, "b"), op(10, 11, "get", found="a")],
    "a read beside a write": [put(1, 9, "a"), op(2, 3, "get", result="absent"), op(4, 5, "get", found="a")],
    "one creator wins": [
        put(1, 9, "a", condition="if_none_match"),
        put(1, 9, "b", condition="if_none_match", result="failed"),
        op(10, 11, "list", listed={"0": "a"}),
    ],
    "killed, and done": [put(1, 5, "a", result="unknown"), op(6, 7, "get", found="a")],
    "killed, and not done": [put(1, 5, "a", result="unknown"), op(6, 7, "get", result="absent")],
    "a copy": [put(1, 2, "a"), op(3, 4, "copy", 1, source=0, found="a"), op(5, 6, "list", listed={"0": "a", "1": "a"})],
    "told to slow down": [put(1, 2, "a", result="refused"), op(3, 4, "get", result="absent")],
}

BAD = {
    "a stale read": [put(1, 2, "a"), put(3, 4, "b"), op(5, 6, "get", found="a")],
    "a lost write": [put(1, 2, "a"), op(3, 4, "get", result="absent")],
    "a delete undone": [put(1, 2, "a"), op(3, 4, "delete"), op(5, 6, "get", found="a")],
    "bytes that nobody wrote": [put(1, 2, "a"), op(3, 4, "get", found="b")],
    "there and gone again": [put(1, 9, "a"), op(2, 3, "get", found="a"), op(4, 5, "get", result="absent")],
    "two creators win": [put(1, 9, "a", condition="if_none_match"), put(1, 9, "b", condition="if_none_match")],
    "two swaps of one value win": [
        put(1, 2, "a"),
        put(3, 9, "b", condition="if_match", expected="a"),
        put(3, 9, "c", condition="if_match", expected="a"),
    ],
    "a swap fails for no reason": [put(1, 2, "a"), put(3, 4, "b", condition="if_match", expected="a", result="failed")],
    "a creator fails for no reason": [put(1, 2, "b", condition="if_none_match", result="failed")],
    "a list lacks a key": [put(1, 2, "a"), put(3, 4, "b", 1), op(5, 6, "list", listed={"1": "b"})],
    "a list of two moments": [
        put(1, 2, "a"),
        put(3, 4, "a2"),
        put(5, 6, "b", 1),
        op(1, 9, "list", listed={"0": "a", "1": "b"}),
    ],
    "done by a server that was dead": [
        put(1, 5, "a", result="unknown"),
        op(6, 7, "get", result="absent"),
        op(8, 9, "get", found="a"),
    ],
    "a refused write that was done": [put(1, 2, "a", result="refused"), op(3, 4, "get", found="a")],
    "a copy of an older value": [put(1, 2, "a"), put(3, 4, "b"), op(5, 6, "copy", 1, source=0, found="a")],
}


@pytest.mark.parametrize("name", GOOD)
def test_good_histories(name: str, tmp_path: Path) -> None:
    check(GOOD[name], tmp_path)


@pytest.mark.parametrize("name", BAD)
def test_bad_histories(name: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="Illegal"):
        check(BAD[name], tmp_path)
    assert (tmp_path / "history.html").exists()
