from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tools.harness.isolated import Isolated, NoNamespaces


@pytest.fixture
def make_isolated(tmp_path: Path) -> Iterator[Callable[..., Isolated]]:
    """make_isolated(resolver="127.0.0.1") -> namespaces that end with the test."""
    made: list[Isolated] = []

    def make(**settings: object) -> Isolated:
        try:
            made.append(Isolated(tmp_path / f"isolated-{len(made)}", **settings))  # type: ignore[arg-type]
        except NoNamespaces as reason:
            pytest.skip(f"no namespaces here: {reason}")
        return made[-1]

    yield make
    for own in made:
        own.close()
