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


def model(folder: str) -> dict:
    from botocore.loaders import Loader

    return Loader().load_service_model(folder, "service-2")
