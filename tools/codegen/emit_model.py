"""model.h: the structs."""

from model import Member, Service, Shape


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


def emit(service: Service) -> str:
    lines = [
        f"// Structs of {service.service_id} {service.api_version}: what the implemented operations take and give.",
        "#pragma once",
        "",
        *INCLUDES,
        *block(service),
    ]
    return "\n".join(lines)


def block(service: Service) -> list[str]:
    lines = [f"namespace aerolith::{service.namespace} {{", ""]
    lines += [f"struct {shape.struct_name};" for shape in service.structs] + [""]
    for shape in service.structs:
        lines += _struct(shape) + [""]
    for alias, target in service.aliases:
        lines += [f"using {alias} = {target};" if target else f"struct {alias} {{}};"]
    return lines + ["", f"}}  // namespace aerolith::{service.namespace}", ""]
