"""Clients made of the protocol vectors' models, and values in the form that the test service speaks."""

from __future__ import annotations

import base64
import copy
import datetime
import json
import math
import os
import tomllib
from pathlib import Path
from typing import Any

import botocore.session
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader
from botocore.model import Shape

HERE = Path(__file__).parent
SHARED = Path(os.environ.get("AEROLITH_SHARED", HERE.parents[2] / "shared"))
VECTORS = SHARED / "vectors" / "protocols"
EXCEPTIONS = tomllib.loads((HERE / "not_applicable.toml").read_text())


class Entry:
    """One entry of a suite: a model with one operation, and its cases."""

    def __init__(self, direction: str, path: Path, index: int, raw: dict[str, Any]):
        self.suite = f"{direction}/{path.stem}/{index}"
        self.file = path.stem
        self.raw = raw
        self.cases = raw["cases"]
        self.service_name = self.suite.replace("/", "-").replace("_", "-").lower()

    def model(self) -> dict[str, Any]:
        metadata = {
            "endpointPrefix": self.service_name,
            "serviceId": self.service_name,
            "signatureVersion": "v4",
            "serviceFullName": self.service_name,
            "uid": self.service_name,
            **self.raw["metadata"],
        }
        operations = {}
        for case in self.cases:
            given = copy.deepcopy(case["given"])
            # The vectors leave out the wrapper that every answer of a query service has.
            if metadata["protocol"] == "query" and "output" in given:
                given["output"].setdefault("resultWrapper", given["name"] + "Result")
            operations.setdefault(given["name"], given)
        return {"version": "2.0", "metadata": metadata, "operations": operations, "shapes": self.raw["shapes"]}


def entries(direction: str) -> list[Entry]:
    result = []
    for path in sorted((VECTORS / direction).glob("*.json")):
        raw = json.loads(path.read_text(encoding="utf-8"))
        result += [Entry(direction, path, index, entry) for index, entry in enumerate(raw)]
    return result


class VectorLoader(Loader):
    """Finds the vectors' models where botocore looks for services."""

    def __init__(self) -> None:
        super().__init__()
        self.models: dict[str, dict[str, Any]] = {}

    def load_service_model(self, service_name: str, type_name: str, api_version: str | None = None) -> Any:
        if service_name not in self.models:
            return super().load_service_model(service_name, type_name, api_version)
        if type_name != "service-2":
            raise UnknownServiceError(service_name=service_name, known_service_names="")
        return self.models[service_name]

    def list_available_services(self, type_name: str) -> list[str]:
        return [*super().list_available_services(type_name), *self.models]


class Clients:
    def __init__(self, address: str):
        self.address = address
        self.loader = VectorLoader()
        self.session = botocore.session.Session()
        self.session.register_component("data_loader", self.loader)
        self.clients: dict[str, Any] = {}

    def client(self, entry: Entry) -> Any:
        if entry.suite not in self.clients:
            self.loader.models[entry.service_name] = entry.model()
            client = self.session.create_client(
                entry.service_name,
                region_name="us-east-1",
                endpoint_url=f"http://{self.address}",
                config=Config(
                    signature_version=UNSIGNED,
                    parameter_validation=False,
                    inject_host_prefix=False,
                    request_min_compression_size_bytes=1,
                    retries={"total_max_attempts": 1},
                ),
            )
            client.meta.events.register(
                "before-send", lambda request, suite=entry.suite, **_: _name_suite(request, suite)
            )
            self.clients[entry.suite] = client
        return self.clients[entry.suite]

    def call(self, entry: Entry, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        client = self.client(entry)
        return client._make_api_call(operation, parameters)


def _name_suite(request: Any, suite: str) -> None:
    request.headers["x-test-suite"] = suite


def canonical(shape: Shape | None, value: Any) -> Any:
    """A vector's value as the test service writes it: blobs in base64, no nulls in structures."""
    if value is None or shape is None:
        return value
    if shape.serialization.get("jsonvalue"):
        return json.loads(value) if isinstance(value, str) else value
    if shape.type_name == "structure":
        if getattr(shape, "is_document_type", False):
            return value
        return {k: canonical(shape.members.get(k), v) for k, v in value.items() if v is not None}
    if shape.type_name == "list":
        return [canonical(shape.member, v) for v in value]
    if shape.type_name == "map":
        return {k: canonical(shape.value, v) for k, v in value.items()}
    if shape.type_name == "blob":
        return base64.b64encode(value.encode() if isinstance(value, str) else value).decode()
    return value


def client_value(shape: Shape | None, value: Any) -> Any:
    """A vector's parameter as a caller of boto3 gives it."""
    if shape is None or value is None:
        return value
    # botocore writes the text of a jsonvalue only for headers; in a body it takes the text itself.
    if shape.serialization.get("jsonvalue") and shape.serialization.get("location") == "header":
        return json.loads(value)
    if shape.type_name == "structure" and not getattr(shape, "is_document_type", False):
        return {k: client_value(shape.members.get(k), v) for k, v in value.items()}
    if shape.type_name == "list":
        return [client_value(shape.member, v) for v in value]
    if shape.type_name == "map":
        return {k: client_value(shape.value, v) for k, v in value.items()}
    if shape.type_name in ("float", "double") and isinstance(value, str):
        return float(value.replace("Infinity", "inf"))
    return value


def parsed_value(shape: Shape | None, value: Any) -> Any:
    """What botocore made of an answer, as the service's canonical form."""
    if isinstance(value, datetime.datetime):
        return value.timestamp()
    if hasattr(value, "read"):
        value = value.read()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {k: parsed_value(None, v) for k, v in value.items()}
    if isinstance(value, list):
        return [parsed_value(None, v) for v in value]
    return value


def same(a: Any, b: Any) -> bool:
    """Equal, where 1 and 1.0 are the same and floats have the precision of float32."""
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return math.isclose(a, b, rel_tol=1e-6)
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    return a == b
