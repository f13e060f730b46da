"""The protocol test vectors: each entry of a suite is a little service of its own, in one namespace.

Writes vectors/suites.h (the list) and vectors/suites_<n>.cc.
"""

from __future__ import annotations

import json
from pathlib import Path

import emit_errors
import emit_model
import emit_operations
import emit_schema
from build import Builder
from model import Service
from names import literal, namespace
from write import write

_HEADER = """// The protocol test vectors' models: an entry of a suite is a service with one operation.
#pragma once

#include <string_view>
#include <vector>

#include "protocol/service_model.h"

namespace aerolith::vectors {

struct Suite {
  std::string_view name;  // "input/rest-json/5": direction, file, index of the entry
  const protocol::Service* service;
};

std::vector<Suite> suites();

}  // namespace aerolith::vectors
"""


def services(folder: Path) -> list[Service]:
    result = []
    for path in sorted(folder.glob("*/*.json")):
        for index, entry in enumerate(json.loads(path.read_text(encoding="utf-8"))):
            name = f"{path.parent.name}/{path.stem}/{index}"
            operations = {}
            for case in entry["cases"]:
                operations.setdefault(case["given"]["name"], _operation(entry["metadata"]["protocol"], case["given"]))
            raw = {"metadata": entry["metadata"], "shapes": entry["shapes"], "operations": operations}
            result.append(Builder(name, "vectors::" + namespace(name), raw, None, {}).build())
    return result


def _operation(protocol: str, given: dict) -> dict:
    """The vectors leave out the wrapper that every answer of a query service has."""
    if protocol == "query" and "output" in given:
        given = {**given, "output": {"resultWrapper": given["name"] + "Result", **given["output"]}}
    return given


def write_all(folder: Path, out: Path, parts: int) -> None:
    every = services(folder)
    root = out / "vectors"
    write(root / "suites.h", _HEADER)
    for part in range(parts):
        lines = [
            "#include <cstddef>",
            "#include <memory>",
            "#include <utility>",
            "",
            *emit_model.INCLUDES,
            '#include "protocol/service_model.h"',
            '#include "vectors/suites.h"',
            "",
            *emit_schema.PRAGMA,
        ]
        for service in every[part::parts]:
            lines += _entry(service)
        write(root / f"suites_{part}.cc", "\n".join(lines))
    lines = ['#include "vectors/suites.h"', "", "namespace aerolith::vectors {", ""]
    lines += [f"namespace {_leaf(s)} {{ extern const protocol::Service& service(); }}" for s in every]
    lines += ["", "std::vector<Suite> suites() {", "  return {"]
    lines += [f"      {{{literal(s.name)}, &{_leaf(s)}::service()}}," for s in every]
    lines += ["  };", "}", "", "}  // namespace aerolith::vectors", ""]
    write(root / "suites.cc", "\n".join(lines))


def _leaf(service: Service) -> str:
    return service.namespace.rpartition("::")[2]


def _entry(service: Service) -> list[str]:
    return [
        f"// {service.name}",
        *emit_model.block(service),
        *emit_schema.declarations(service),
        *emit_schema.block(service, service.shapes),
        *(emit_errors.declarations(service) + emit_errors.block(service) if service.errors else []),
        *emit_operations.block(service),
    ]
