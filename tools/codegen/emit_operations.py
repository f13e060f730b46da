"""operations.h and operations.cc: the ids, the operation table, the routes, the service."""

from __future__ import annotations

from model import Operation, Service
from names import literal, snake


def header(service: Service, folder: str) -> str:
    lines = [
        f"// Operations of {service.service_id} {service.api_version}.",
        "#pragma once",
        "",
        "#include <cstdint>",
        "",
    ]
    lines += [
        '#include "protocol/service_model.h"',
        "",
        f"namespace aerolith::{service.namespace} {{",
        "",
        "enum class OperationId : uint16_t {",
    ]
    lines += [f"  {snake(op.name)},{'' if op.implemented else '  // not implemented'}" for op in service.operations]
    lines += ["};", "", "extern const protocol::Service& service();", ""]
    lines += [f"}}  // namespace aerolith::{service.namespace}", ""]
    return "\n".join(lines)


def source(service: Service, folder: str) -> str:
    lines = [f'#include "{folder}/operations.h"', ""]
    if service.errors:
        lines += [f'#include "{folder}/errors.h"']
    if service.shapes:
        lines += [f'#include "{folder}/schema.h"']
    return "\n".join(lines + [""] + block(service))


def block(service: Service) -> list[str]:
    lines = [
        f"namespace aerolith::{service.namespace} {{",
        "namespace {",
        "",
        "namespace p = ::aerolith::protocol;",
        "",
    ]
    for op in service.operations:
        if op.errors:
            errors = ", ".join(f"&error_shapes::{snake(e)}" for e in op.errors)
            lines.append(f"constexpr const p::ErrorShape* {_errors_symbol(op)}[] = {{{errors}}};")
    lines.append("constexpr p::Operation kOperations[] = {")
    for index, op in enumerate(service.operations):
        lines.append(f"    {_operation(op, index)},")
    lines += ["};", ""] + _routes(service)
    protocols = ", ".join(f"p::Protocol::{p}" for p in service.protocols)
    lines += [
        f"constexpr p::Protocol kProtocols[] = {{{protocols}}};",
        "",
        "constexpr p::Service kService{",
        f"    .name = {literal(service.name)},",
        f"    .service_id = {literal(service.service_id)},",
        f"    .signing_name = {literal(service.signing_name)},",
        f"    .endpoint_prefix = {literal(service.endpoint_prefix)},",
        f"    .target_prefix = {literal(service.target_prefix)},",
        f"    .xml_namespace = {literal(service.xml_namespace)},",
        "    .protocols = kProtocols,",
        "    .operations = kOperations,",
    ]
    if service.routes:
        lines.append("    .routes = kRoutes,")
    if service.query_compatible:
        lines.append("    .query_compatible = true,")
    if service.s3_xml_dialect:
        lines.append("    .s3_xml_dialect = true,")
    lines += [
        "};",
        "",
        "}  // namespace",
        "",
        "const protocol::Service& service() { return kService; }",
        "",
        f"}}  // namespace aerolith::{service.namespace}",
        "",
    ]
    return lines


def _errors_symbol(op: Operation) -> str:
    return f"k{op.name}Errors"


def _operation(op: Operation, index: int) -> str:
    parts = [f".name = {literal(op.name)}"]
    if op.status != 200:
        parts.append(f".success_status = {op.status}")
    if op.implemented:
        parts.append(".implemented = true")
    if op.input:
        parts.append(f".input = &schema::{op.input.symbol}")
    if op.output:
        parts.append(f".output = &schema::{op.output.symbol}")
    if op.input_wire_name:
        parts.append(f".input_wire_name = {literal(op.input_wire_name)}")
    if op.output_wrapper:
        parts.append(f".output_wrapper = {literal(op.output_wrapper)}")
    if op.errors:
        parts.append(f".errors = {_errors_symbol(op)}")
    if op.streaming_input:
        parts.append(".streaming_input = true")
    if op.streaming_output:
        parts.append(".streaming_output = true")
    if op.unsigned_payload:
        parts.append(".unsigned_payload = true")
    parts.append(f".id = {index}")
    if op.output_wire_name:
        parts.append(f".output_wire_name = {literal(op.output_wire_name)}")
    if op.unwrapped_output:
        parts.append(".unwrapped_output = true")
    return "{" + ", ".join(parts) + "}"


def _routes(service: Service) -> list[str]:
    """Arrays that several routes share are written once."""
    arrays: dict[str, str] = {}
    lines = []

    def array(kind: str, items: list[str]) -> str:
        text = "{" + ", ".join(items) + "}"
        if (kind, text) not in arrays:
            arrays[kind, text] = f"kArray{len(arrays)}"
            lines.append(f"constexpr {kind} {arrays[kind, text]}[] = {text};")
        return arrays[kind, text]

    index = {op.name: i for i, op in enumerate(service.operations)}
    rows = []
    for route in service.routes:
        parts = [f".method = {literal(route.method)}"]
        if route.path:
            segments = [f"{{p::PathSegment::Kind::{k}, {literal(t)}}}" for k, t in route.path]
            parts.append(f".path = {array('p::PathSegment', segments)}")
        if route.query:
            query = [
                f"{{{literal(n)}, {literal(v or '')}, {'true' if v is None else 'false'}}}" for n, v in route.query
            ]
            parts.append(f".query = {array('p::RouteQuery', query)}")
        for name, values in (("any_query_key", route.any_query_key), ("headers", route.headers)):
            if values:
                parts.append(f".{name} = {array('std::string_view', [literal(v) for v in values])}")
        parts.append(f".operation = {index[route.operation]}")
        rows.append("    {" + ", ".join(parts) + "},")
    if not rows:
        return []
    return lines + ["constexpr p::Route kRoutes[] = {", *rows, "};", ""]
