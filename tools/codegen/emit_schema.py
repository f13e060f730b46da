"""schema.h and schema_<n>.cc: a constant table per shape."""

from __future__ import annotations

from emit_model import field_type, struct_path
from model import Member, Service, Shape, innermost
from names import literal

_INCLUDES = ["#include <cstddef>", "", '#include "protocol/schema.h"']


PRAGMA = [
    "// offsetof on structs with library members is conditionally supported: both compilers do.",
    '#pragma GCC diagnostic ignored "-Winvalid-offsetof"',
    "",
]


def header(service: Service) -> str:
    lines = [
        f"// Schema tables of {service.service_id}: one per shape.",
        "#pragma once",
        "",
        '#include "protocol/schema.h"',
        "",
        *declarations(service),
    ]
    return "\n".join(lines)


def declarations(service: Service) -> list[str]:
    lines = [f"namespace aerolith::{service.namespace}::schema {{", ""]
    lines += [f"extern const protocol::Shape {shape.symbol};" for shape in service.shapes]
    return lines + ["", f"}}  // namespace aerolith::{service.namespace}::schema", ""]


def source(service: Service, folder: str, part: int, parts: int) -> str:
    """The part-th run of the service's shapes: neighbours reach much the same structs, which cost most to compile."""
    first, end = (len(service.shapes) * each // parts for each in (part, part + 1))
    shapes = service.shapes[first:end]
    structs = {innermost(shape).struct_name: innermost(shape) for shape in shapes}
    structs.pop("", None)
    headers = [f'#include "{struct_path(folder, structs[name])}"' for name in sorted(structs)]
    lines = [f'#include "{folder}/schema.h"', "", *_INCLUDES, *headers, "", *PRAGMA]
    lines += block(service, shapes)
    return "\n".join(lines)


def block(service: Service, shapes: list[Shape]) -> list[str]:
    lines = [
        f"namespace aerolith::{service.namespace}::schema {{",
        "",
        "using ::aerolith::protocol::Shape;",
        "namespace p = ::aerolith::protocol;",
        "",
    ]
    for shape in shapes:
        lines += _shape(shape)
    return lines + ["", f"}}  // namespace aerolith::{service.namespace}::schema", ""]


def _namespace(value: tuple[str, str]) -> str:
    return f"{{{literal(value[0])}, {literal(value[1])}}}"


def _member(member: Member, owner: Shape | None) -> str:
    parts = [f".name = {literal(member.name)}"]
    if member.wire_name:
        parts.append(f".wire_name = {literal(member.wire_name)}")
    if member.query_name:
        parts.append(f".query_name = {literal(member.query_name)}")
    parts.append(f".shape = &{member.target.symbol}")
    if owner is not None:
        parts.append(f".ops = &p::FieldAccess<{field_type(member)}>::ops")
        parts.append(f".offset_bytes = offsetof({owner.struct_name}, {member.field})")
    if member.location != "body":
        parts.append(f".location = p::Location::{member.location}")
    if member.timestamp_format != "by_protocol":
        parts.append(f".timestamp_format = p::TimestampFormat::{member.timestamp_format}")
    if any(member.xml_namespace):
        parts.append(f".xml_namespace = {_namespace(member.xml_namespace)}")
    order = (
        "required",
        "payload",
        "flattened",
        "xml_attribute",
        "json_value",
    )
    parts += [f".{flag} = true" for flag in order if flag in member.flags]
    return "{" + ", ".join(parts) + "}"


def _number(value: float) -> str:
    return repr(float(value))


def _constraints(shape: Shape) -> list[str]:
    lines, parts = [], []
    if shape.enum_values:
        values = ", ".join(literal(v) for v in shape.enum_values)
        lines.append(f"static constexpr std::string_view {shape.symbol}_values[] = {{{values}}};")
    if shape.minimum is not None:
        parts.append(f".min = {_number(shape.minimum)}")
    if shape.maximum is not None:
        parts.append(f".max = {_number(shape.maximum)}")
    if shape.pattern:
        parts.append(f".pattern = {literal(shape.pattern)}")
    if shape.enum_values:
        parts.append(f".enum_values = {shape.symbol}_values")
    lines.append(f"static constexpr p::Constraints {shape.symbol}_constraints{{{', '.join(parts)}}};")
    return lines


def _shape(shape: Shape) -> list[str]:
    lines = []
    parts = [f".name = {literal(shape.name)}", f".kind = p::Kind::{shape.kind}"]
    if shape.timestamp_format != "by_protocol":
        parts.append(f".timestamp_format = p::TimestampFormat::{shape.timestamp_format}")
    parts += [f".{ours} = true" for ours, value in (("is_union", shape.union), ("flattened", shape.flattened)) if value]
    if shape.constrained:
        lines += _constraints(shape)
        parts.append(f".constraints = &{shape.symbol}_constraints")
    if shape.members:
        lines.append(f"static constexpr p::Member {shape.symbol}_members[] = {{")
        lines += [f"    {_member(member, shape)}," for member in shape.members]
        lines.append("};")
        parts.append(f".members = {shape.symbol}_members")
    if shape.wire_name:
        parts.append(f".wire_name = {literal(shape.wire_name)}")
    if any(shape.xml_namespace):
        parts.append(f".xml_namespace = {_namespace(shape.xml_namespace)}")
    for name, member in (("element", shape.element), ("key", shape.key)):
        if member:
            lines.append(f"static constexpr p::Member {shape.symbol}_{name}{_member(member, None)};")
            parts.append(f".{name} = &{shape.symbol}_{name}")
    if shape.kind in ("list", "map"):
        access = "ListAccess" if shape.kind == "list" else "MapAccess"
        parts.append(f".{shape.kind}_ops = &p::{access}<{shape.element_type}>::ops")
    if shape.makes:
        parts.append(f".make = &p::make_struct<{shape.struct_name}>")
    lines.append(f"constinit const Shape {shape.symbol}{{{', '.join(parts)}}};")
    return lines
