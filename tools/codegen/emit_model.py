"""model.h and its parts: the structs."""

from model import Member, Operation, Service, Shape, innermost
from names import snake


def field_type(member: Member) -> str:
    wrapper = "::aerolith::protocol::Box" if member.boxed else "std::optional"
    return f"{wrapper}<{member.target.cpp_type}>"


def _struct(shape: Shape) -> list[str]:
    if not shape.members:
        return [f"struct {shape.struct_name} {{}};"]
    lines = [f"struct {shape.struct_name} {{{'  // a union: exactly one member is set' if shape.union else ''}"]
    for member in shape.members:
        comment = "  // required" if "required" in member.flags else ""
        # The initialiser lets callers name only the members that they set, without a warning; clang wants the
        # complete type for it.
        initialiser = "" if member.incomplete else " = {}"
        lines.append(f"  {field_type(member)} {member.field}{initialiser};{comment}")
    lines.append("};")
    return lines


INCLUDES = [
    "#include <cstdint>",
    "#include <map>",
    "#include <optional>",
    "#include <string>",
    "#include <vector>",
    "",
    '#include "protocol/schema.h"',
    "",
]


def emit(service: Service, folder: str) -> str:
    """model.h: all of them, for those who need so many."""
    lines = [
        f"// Structs of {service.service_id} {service.api_version}: what the implemented operations take and give.",
        "#pragma once",
        "",
        f'#include "{folder}/declarations.h"',
        *[f'#include "{struct_path(folder, shape)}"' for shape in service.structs],
        "",
    ]
    return "\n".join(lines)


def declarations(service: Service) -> str:
    """declarations.h: the names alone, enough to declare a function with."""
    lines = [f"// Names of the structs of {service.service_id}.", "#pragma once", "", *_open(service)]
    lines += [f"struct {shape.struct_name};" for shape in service.structs]
    return "\n".join(lines + _aliases(service) + _close(service))


def headers(service: Service, folder: str) -> dict[str, str]:
    """A header a struct, and one an operation with its input and output."""
    result = {struct_path(folder, shape): _struct_header(service, folder, shape) for shape in service.structs}
    for op in service.operations:
        if op.implemented:
            result[f"{folder}/operations/{snake(op.name)}.h"] = _operation_header(folder, op)
    return result


def struct_path(folder: str, shape: Shape) -> str:
    return f"{folder}/model/{snake(shape.struct_name)}.h"


def _struct_header(service: Service, folder: str, shape: Shape) -> str:
    before, after = set(), set()  # after: members of a cycle, for which a declaration must do
    for member in shape.members:
        target = innermost(member.target)
        if target.kind == "structure" and target is not shape:
            (after if member.boxed or member.incomplete else before).add(target.struct_name)
    paths = {s.struct_name: struct_path(folder, s) for s in service.structs}
    lines = ["#pragma once", "", *INCLUDES]
    lines += [f'#include "{paths[name]}"' for name in sorted(before)] + ([""] if before else [])
    lines += _open(service) + [f"struct {name};" for name in sorted(after)] + _struct(shape) + _close(service)
    return "\n".join(lines + [f'#include "{paths[name]}"' for name in sorted(after)] + [""])


def _operation_header(folder: str, op: Operation) -> str:
    paths = [struct_path(folder, shape) for shape in (op.input, op.output) if shape]
    lines = [f"// What {op.name} takes and gives.", "#pragma once", "", f'#include "{folder}/declarations.h"']
    return "\n".join(lines + [f'#include "{path}"' for path in paths] + [""])


def _open(service: Service) -> list[str]:
    return [f"namespace aerolith::{service.namespace} {{", ""]


def _close(service: Service) -> list[str]:
    return ["", f"}}  // namespace aerolith::{service.namespace}", ""]


def _aliases(service: Service) -> list[str]:
    return [f"using {alias} = {target};" if target else f"struct {alias} {{}};" for alias, target in service.aliases]


def block(service: Service) -> list[str]:
    lines = _open(service) + [f"struct {shape.struct_name};" for shape in service.structs] + [""]
    for shape in service.structs:
        lines += _struct(shape) + [""]
    return lines + _aliases(service) + _close(service)
