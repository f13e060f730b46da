"""Reading: the operations table, and models by botocore's own loader (which also undoes gzip and merges extras)."""

from __future__ import annotations

import tomllib
from pathlib import Path


def operations(path: Path) -> dict[str, dict]:
    with path.open("rb") as file:
        return tomllib.load(file)


def overrides(service: str) -> dict:
    with (Path(__file__).parent / "overrides.toml").open("rb") as file:
        return tomllib.load(file).get(service, {})


def model(folder: str, overrides: dict) -> dict:
    """The service's model, with the operations that `overrides` adds to it."""
    from botocore.loaders import Loader

    raw = Loader().load_service_model(folder, "service-2")
    raw["operations"] |= overrides.get("added_operations", {})
    raw["shapes"] |= overrides.get("added_shapes", {})
    return raw
