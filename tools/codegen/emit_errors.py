"""errors.h and errors.cc: a named factory for each exception of the model."""

from __future__ import annotations

from model import Error, Service
from names import literal, snake


def header(service: Service, folder: str) -> str:
    lines = [
        f"// Errors of {service.service_id} as its model names them, and their factories.",
        "#pragma once",
        "",
        "#include <string>",
        "",
        # EC2's model names no errors.
        f'#include "{folder}/{"model" if service.errors else "declarations"}.h"',
        '#include "protocol/service_model.h"',
        "",
        *declarations(service),
    ]
    return "\n".join(lines)


def declarations(service: Service) -> list[str]:
    lines = [f"namespace aerolith::{service.namespace} {{", "", "namespace error_shapes {", ""]
    lines += [f"extern const protocol::ErrorShape {snake(e.name)};" for e in service.errors]
    lines += ["", "}  // namespace error_shapes", ""]
    for error in service.errors:
        lines.append(f"protocol::ApiError {snake(error.name)}(std::string message);  // {error.code}, {error.status}")
        if error.has_members:
            lines.append(
                f"protocol::ApiError {snake(error.name)}(std::string message, {error.shape.struct_name} members);"
            )
    return lines + ["", f"}}  // namespace aerolith::{service.namespace}", ""]


def source(service: Service, folder: str) -> str:
    lines = [
        f'#include "{folder}/errors.h"',
        "",
        "#include <memory>",
        "#include <utility>",
        "",
        f'#include "{folder}/schema.h"',
        "",
    ]
    return "\n".join(lines + block(service))


def block(service: Service) -> list[str]:
    lines = [f"namespace aerolith::{service.namespace} {{", "namespace error_shapes {", ""]
    for error in service.errors:
        lines.append(f"constinit const protocol::ErrorShape {snake(error.name)}{{{_shape(error)}}};")
    lines += ["", "}  // namespace error_shapes", ""]
    if not service.errors:
        # EC2's model names none.
        return lines + [f"}}  // namespace aerolith::{service.namespace}", ""]
    lines += [
        "namespace {",
        "protocol::ApiError make_error(const protocol::ErrorShape& shape, std::string message) {",
        "  return {.code = std::string(shape.code), .http_status = shape.http_status, .message = std::move(message),"
        " .fields = {}, .headers = {}, .shape = &shape, .value = nullptr};",
        "}",
        "}  // namespace",
        "",
    ]
    for error in service.errors:
        name = snake(error.name)
        lines += [
            f"protocol::ApiError {name}(std::string message) {{",
            f"  return make_error(error_shapes::{name}, std::move(message));",
            "}",
        ]
        if error.has_members:
            lines += [
                f"protocol::ApiError {name}(std::string message, {error.shape.struct_name} members) {{",
                f"  protocol::ApiError error = make_error(error_shapes::{name}, std::move(message));",
                f"  error.value = std::make_shared<{error.shape.struct_name}>(std::move(members));",
                "  return error;",
                "}",
            ]
    lines += ["", f"}}  // namespace aerolith::{service.namespace}", ""]
    return lines


def _shape(error: Error) -> str:
    parts = [
        f".name = {literal(error.name)}",
        f".code = {literal(error.code)}",
        f".http_status = {error.status}",
    ]
    if error.shape is not None:
        parts.append(f".shape = &schema::{error.shape.symbol}")
    return ", ".join(parts)
