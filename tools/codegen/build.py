"""From a model's JSON to the intermediate form."""

from __future__ import annotations

import names
import patterns
import routes
from model import SCALARS, Error, Member, Operation, Service, Shape, innermost

_PROTOCOLS = {
    "rest-xml": "rest_xml",
    "rest-json": "rest_json",
    "query": "query",
    "ec2": "ec2",
    "smithy-rpc-v2-cbor": "rpc_v2_cbor",
}
_TIMESTAMPS = {"iso8601": "iso8601", "rfc822": "rfc822", "unixTimestamp": "epoch_seconds"}
_LOCATIONS = {
    "header": "header",
    "headers": "prefix_headers",
    "querystring": "query_string",
    "uri": "uri",
    "statusCode": "status_code",
}


class ModelError(Exception):
    """The model says something that the tables can't express."""


class Builder:
    """One service. `operations` are the implemented ones; None stands for all of the model's."""

    def __init__(self, name: str, namespace: str, raw: dict, operations: list[str] | None, overrides: dict):
        self.raw = raw
        self.raw_shapes = raw["shapes"]
        self.overrides = overrides
        self.shapes: dict[str, Shape] = {}
        self.implemented = set(raw["operations"] if operations is None else operations)
        unknown = self.implemented - set(raw["operations"])
        if unknown:
            raise ModelError(f"{name}: no such operation in the model: {', '.join(sorted(unknown))}")
        meta = raw["metadata"]
        self.service = Service(
            name=name,
            namespace=namespace,
            service_id=meta.get("serviceId", name),
            signing_name=meta.get("signingName", meta.get("endpointPrefix", name)),
            endpoint_prefix=meta.get("endpointPrefix", name),
            api_version=meta.get("apiVersion", ""),
            target_prefix=meta.get("targetPrefix", ""),
            xml_namespace=overrides.get("xml_namespace", _namespace(meta.get("xmlNamespace"))[1]),
            protocols=self._protocols(meta),
            query_compatible="awsQueryCompatible" in meta,
            s3_xml_dialect=overrides.get("s3_xml_dialect", False),
        )

    def build(self) -> Service:
        service = self.service
        renames = self._renames()
        for op_name in sorted(self.raw["operations"], key=lambda n: n.encode()):
            service.operations.append(self._operation(op_name, renames))
        service.errors = self._errors()
        service.routes = routes.make(service, self.raw)
        service.shapes = list(self.shapes.values())
        service.structs = order_structs(service.shapes)
        self._check_struct_names()
        return service

    def _protocols(self, meta: dict) -> list[str]:
        json_name = "json_1_0" if meta.get("jsonVersion") in ("1.0", 1.0) else "json_1_1"
        result = []
        for protocol in [meta["protocol"], *meta.get("protocols", [])]:
            value = json_name if protocol == "json" else _PROTOCOLS[protocol]
            if value not in result:
                result.append(value)
        return result

    def _renames(self) -> dict[str, str]:
        """Inputs and outputs that belong to one operation only are called <Operation>Input and <Operation>Output."""
        uses: dict[str, list[str]] = {}
        for op_name, op in self.raw["operations"].items():
            for side in ("Input", "Output"):
                if shape := op.get(side.lower(), {}).get("shape"):
                    uses.setdefault(shape, []).append(op_name + side)
        inner = {m["shape"] for s in self.raw_shapes.values() for m in _targets(s)}
        result = {shape: sides[0] for shape, sides in uses.items() if len(sides) == 1 and shape not in inner}
        # A shape that isn't this operation's but has such a name makes way.
        reserved = {op_name + side for op_name in self.raw["operations"] for side in ("Input", "Output")}
        for shape in self.raw_shapes:
            if shape in reserved and result.get(shape) != shape and uses.get(shape) != [shape]:
                result.setdefault(shape, shape + "Data")
        return result

    def _operation(self, name: str, renames: dict[str, str]) -> Operation:
        raw = self.raw["operations"][name]
        http = raw.get("http", {})
        op = Operation(
            name=name,
            method=http.get("method", "POST"),
            uri=http.get("requestUri", "/"),
            status=int(http.get("responseCode", 200)),
            implemented=name in self.implemented,
        )
        if not op.implemented:
            return op
        for side in ("input", "output"):
            target = raw.get(side)
            type_name = name + side.capitalize()
            if not target:
                self.service.aliases.append((type_name, ""))
                continue
            shape = self.shape(target["shape"], renames)
            shape.makes = True
            setattr(op, side, shape)
            if shape.struct_name != type_name:
                self.service.aliases.append((type_name, shape.struct_name))
            if self._is_streaming(target["shape"]):
                setattr(op, f"streaming_{side}", True)
        op.unsigned_payload = bool(raw.get("unsignedPayload"))
        if raw_input := raw.get("input"):
            merged = {**self.raw_shapes[raw_input["shape"]], **raw_input}
            op.input_wire_name = merged.get("locationName", "")
        op.output_wrapper = (raw.get("output") or {}).get("resultWrapper", "")
        op.output_wire_name = self.overrides.get("output_roots", {}).get(name, "")
        op.unwrapped_output = self.overrides.get("unwrapped_outputs", {}).get(name, False)
        op.errors = [e["shape"] for e in raw.get("errors", [])]
        for error in op.errors:
            self.shape(error, renames).makes = True
        return op

    def _is_streaming(self, shape_name: str) -> bool:
        raw = self.raw_shapes[shape_name]
        return any(self._left_out(raw, n, m) for n, m in raw.get("members", {}).items() if n == raw.get("payload"))

    def _left_out(self, raw: dict, name: str, member: dict) -> bool:
        """Streaming bodies and event streams aren't decoded into structs."""
        target = self.raw_shapes[member["shape"]]
        streams = member.get("streaming") or target.get("streaming") or target.get("eventstream")
        return bool(streams) and (target.get("eventstream") or raw.get("payload") == name)

    def shape(self, name: str, renames: dict[str, str] | None = None) -> Shape:
        if name in self.shapes:
            return self.shapes[name]
        raw = self.raw_shapes[name]
        type_name = raw["type"]
        if type_name == "structure" and raw.get("document"):
            type_name = "document"
        if name in self.overrides.get("texts", []):
            type_name = "string"
        shape = Shape(name=name, kind=SCALARS.get(type_name, (type_name, ""))[0])
        self.shapes[name] = shape
        self._traits(shape, raw)
        if type_name == "structure":
            self._structure(shape, raw, renames)
        elif type_name in ("list", "map"):
            self._container(shape, raw, type_name, renames)
        elif type_name in SCALARS:
            shape.scalar_type = SCALARS[type_name][1]
        else:
            raise ModelError(f"{self.service.name}: shape {name} is of type {type_name}, which is unknown")
        capitalised = names.pascal(name)
        # STS: SessionDurationEscalationException holds a string whose shape is sessionDurationEscalationException.
        is_taken = capitalised != name and capitalised in self.raw_shapes
        shape.symbol = "k" + (shape.struct_name or capitalised + ("Value" if is_taken else ""))
        return shape

    def _traits(self, shape: Shape, raw: dict) -> None:
        shape.timestamp_format = _TIMESTAMPS[raw["timestampFormat"]] if "timestampFormat" in raw else "by_protocol"
        shape.union = bool(raw.get("union"))
        shape.sparse = bool(raw.get("sparse"))
        shape.flattened = bool(raw.get("flattened"))
        shape.wire_name = raw.get("locationName", "")
        shape.xml_namespace = _namespace(raw.get("xmlNamespace"))
        shape.minimum, shape.maximum = raw.get("min"), raw.get("max")
        pattern = "" if shape.name in self.overrides.get("open_patterns", []) else raw.get("pattern", "")
        if shape.name in self.overrides.get("caseless_enums", []):
            pattern = f"(?i)({'|'.join(raw['enum'])})"
        elif shape.name not in self.overrides.get("open_enums", []):
            shape.enum_values = tuple(raw.get("enum", ()))
        converted = patterns.for_re2(pattern)
        if converted is None:
            self.service.skipped_patterns.append(f"{shape.name}: {pattern}")
        shape.pattern = converted or ""

    def _structure(self, shape: Shape, raw: dict, renames: dict[str, str] | None) -> None:
        shape.struct_name = names.pascal((renames or {}).get(shape.name, shape.name))
        fields = set()
        for member_name, raw_member in raw.get("members", {}).items():
            if self._left_out(raw, member_name, raw_member):
                continue
            member = self._member(member_name, raw_member, renames, default_wire_name=member_name)
            member.field = names.snake(member_name)
            while member.field in fields:
                member.field += "_"
            fields.add(member.field)
            member.query_name = raw_member.get("queryName") or _capitalised(member.wire_name)
            flags = list(member.flags)
            optional = self.overrides.get("optional_members", {}).get(shape.name, [])
            if member_name in raw.get("required", []) and member_name not in optional:
                flags.insert(0, "required")
            if member_name == raw.get("payload"):
                flags.insert(0, "payload")
            member.flags = tuple(flags)
            shape.members.append(member)

    def _container(self, shape: Shape, raw: dict, type_name: str, renames: dict[str, str] | None) -> None:
        raw_element = raw["member" if type_name == "list" else "value"]
        shape.element = self._member("member" if type_name == "list" else "value", raw_element, renames)
        if type_name == "map":
            shape.key = self._member("key", raw["key"], renames)

    def _member(self, name: str, raw: dict, renames: dict[str, str] | None, default_wire_name: str = "") -> Member:
        target_raw = self.raw_shapes[raw["shape"]]
        merged = {**target_raw, **raw}
        member = Member(name=name, target=self.shape(raw["shape"], renames))
        member.wire_name = merged.get("locationName", default_wire_name)
        member.location = _LOCATIONS[merged["location"]] if "location" in merged else "body"
        if "timestampFormat" in merged:
            member.timestamp_format = _TIMESTAMPS[merged["timestampFormat"]]
        member.xml_namespace = _namespace(merged.get("xmlNamespace"))
        flags = (
            ("flattened", "flattened"),
            ("xmlAttribute", "xml_attribute"),
            ("jsonvalue", "json_value"),
        )
        member.flags = tuple(ours for theirs, ours in flags if merged.get(theirs))
        return member

    def _errors(self) -> list[Error]:
        """Every exception of the model, for services that implement anything."""
        if not self.implemented:
            return []
        result = []
        for name, raw in self.raw_shapes.items():
            if not raw.get("exception"):
                continue
            error = raw.get("error", {})
            fault = bool(raw.get("fault")) or error.get("fault", False)
            status = int(error.get("httpStatusCode", 500 if fault else 400))
            others = [m for m in raw.get("members", {}) if m.lower() != "message"]
            shape = self.shapes.get(name)
            result.append(
                Error(
                    name=name,
                    code=error.get("code", name),
                    status=status,
                    shape=shape,
                    has_members=bool(others) and shape is not None,
                )
            )
        return sorted(result, key=lambda e: e.name)

    def _check_struct_names(self) -> None:
        seen = {}
        for name, owner in [(s.struct_name, s.name) for s in self.service.structs] + [
            (a, a) for a, _ in self.service.aliases
        ]:
            if name in seen:
                raise ModelError(f"{self.service.name}: {seen[name]} and {owner} would both be struct {name}")
            seen[name] = owner


def order_structs(shapes: list[Shape]) -> list[Shape]:
    """Each struct after those that it holds. Where a member closes a cycle it is boxed, or marked as incomplete."""
    done: list[Shape] = []
    state: dict[str, str] = {}

    def visit(shape: Shape) -> None:
        state[shape.name] = "open"
        for member in shape.members:
            target = innermost(member.target)
            if target.kind != "structure":
                continue
            if target.name not in state:
                visit(target)
            elif state[target.name] == "open":
                member.boxed = target is member.target
                member.incomplete = not member.boxed
        state[shape.name] = "done"
        done.append(shape)

    for shape in shapes:
        if shape.kind == "structure" and shape.name not in state:
            visit(shape)
    return done


def _targets(raw: dict):
    yield from raw.get("members", {}).values()
    for part in ("member", "key", "value"):
        if part in raw:
            yield raw[part]


def _namespace(raw) -> tuple[str, str]:
    if not raw:
        return ("", "")
    if isinstance(raw, str):
        return ("", raw)
    return (raw.get("prefix", ""), raw.get("uri", ""))


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]
