"""The intermediate form: what the emitters know of a service. Made by build.py, with traits already merged."""

from __future__ import annotations

from dataclasses import dataclass, field

SCALARS = {
    "boolean": ("boolean", "bool"),
    "integer": ("integer", "int32_t"),
    "short": ("integer", "int32_t"),
    "byte": ("integer", "int32_t"),
    "long": ("long_integer", "int64_t"),
    "float": ("float_number", "float"),
    "double": ("double_number", "double"),
    "string": ("string", "std::string"),
    "character": ("string", "std::string"),
    "blob": ("blob", "std::string"),
    "timestamp": ("timestamp", "::aerolith::Timestamp"),
    "document": ("document", "::aerolith::protocol::Document"),
}


@dataclass
class Member:
    name: str
    target: Shape
    field: str = ""
    wire_name: str = ""
    query_name: str = ""
    location: str = "body"
    timestamp_format: str = "by_protocol"
    xml_namespace: tuple[str, str] = ("", "")
    flags: tuple[str, ...] = ()
    boxed: bool = False  # a struct that would contain itself
    incomplete: bool = False  # a container of structs that are defined further down


@dataclass
class Shape:
    name: str  # as in the model
    kind: str  # of schema.h's Kind
    symbol: str = ""  # kGetObjectInput
    scalar_type: str = ""  # scalars only
    struct_name: str = ""  # structures only
    timestamp_format: str = "by_protocol"
    union: bool = False
    sparse: bool = False
    flattened: bool = False
    minimum: float | None = None
    maximum: float | None = None
    pattern: str = ""
    enum_values: tuple[str, ...] = ()
    members: list[Member] = field(default_factory=list)
    wire_name: str = ""
    xml_namespace: tuple[str, str] = ("", "")
    element: Member | None = None
    key: Member | None = None
    makes: bool = False  # an operation's input or output, or an error

    @property
    def cpp_type(self) -> str:
        """Of the value, without the optional around it."""
        if self.kind == "structure":
            return self.struct_name
        if self.kind not in ("list", "map"):
            return self.scalar_type
        return (
            f"std::vector<{self.element_type}>"
            if self.kind == "list"
            else f"std::map<std::string, {self.element_type}>"
        )

    @property
    def element_type(self) -> str:
        inner = self.element.target.cpp_type
        if self.sparse:
            return f"std::optional<{inner}>"
        return "::aerolith::protocol::Boolean" if inner == "bool" and self.kind == "list" else inner

    @property
    def constrained(self) -> bool:
        return bool(self.minimum is not None or self.maximum is not None or self.pattern or self.enum_values)


@dataclass
class Error:
    name: str
    code: str
    status: int
    shape: Shape | None  # where an implemented operation names it
    has_members: bool  # beside the message


@dataclass
class Route:
    method: str
    path: list[tuple[str, str]]  # (kind, text)
    query: list[tuple[str, str | None]]
    any_query_key: list[str]
    headers: list[str]
    operation: str


@dataclass
class Operation:
    name: str
    method: str
    uri: str
    status: int
    implemented: bool
    input: Shape | None = None
    output: Shape | None = None
    input_wire_name: str = ""
    output_wrapper: str = ""
    output_wire_name: str = ""
    unwrapped_output: bool = False
    errors: list[str] = field(default_factory=list)
    streaming_input: bool = False
    streaming_output: bool = False
    unsigned_payload: bool = False


@dataclass
class Service:
    name: str  # "sagemaker-runtime"
    namespace: str  # "sagemaker_runtime", may be nested: "vectors::input_ec2_03"
    service_id: str
    signing_name: str
    endpoint_prefix: str
    api_version: str
    target_prefix: str
    xml_namespace: str
    protocols: list[str]
    query_compatible: bool
    s3_xml_dialect: bool = False
    operations: list[Operation] = field(default_factory=list)
    routes: list[Route] = field(default_factory=list)
    errors: list[Error] = field(default_factory=list)
    shapes: list[Shape] = field(default_factory=list)  # every shape that implemented operations reach
    structs: list[Shape] = field(default_factory=list)  # those of them that are structs, in order of definition
    aliases: list[tuple[str, str]] = field(default_factory=list)
    skipped_patterns: list[str] = field(default_factory=list)


def innermost(shape: Shape) -> Shape:
    """What containers hold in the end; the shape itself where it is none."""
    while shape.element:
        shape = shape.element.target
    return shape
