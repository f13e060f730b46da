"""services.h and services.cc: the tables of every service of operations.toml."""

from pathlib import Path

from names import namespace
from write import write

_HEADER = """// Every service of operations.toml, by its tables.
#pragma once

#include <span>

#include "protocol/service_model.h"

namespace aerolith {

// In order of name.
std::span<const protocol::Service* const> all_services();

}  // namespace aerolith
"""


def write_registry(services: list[str], out: Path) -> None:
    write(out / "services.h", _HEADER)
    lines = ['#include "services.h"', ""]
    lines += [f'#include "{service}/operations.h"' for service in services]
    lines += [
        "",
        "namespace aerolith {",
        "",
        "std::span<const protocol::Service* const> all_services() {",
        "  static const protocol::Service* const kServices[] = {",
    ]
    lines += [f"      &{namespace(service)}::service()," for service in services]
    lines += ["  };", "  return kServices;", "}", "", "}  // namespace aerolith", ""]
    write(out / "services.cc", "\n".join(lines))
