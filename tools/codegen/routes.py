"""REST routes, sorted so that the first match is the most specific one."""

from __future__ import annotations

from model import Route, Service

_RANK = {"literal": 0, "label": 1, "greedy": 2}


def parse_path(path: str) -> list[tuple[str, str]]:
    """'/{Bucket}/{Key+}' -> [(label, Bucket), (greedy, Key)]. A slash at the end means nothing."""
    result = []
    for segment in path.strip("/").split("/"):
        if not segment:
            continue
        if segment.startswith("{") and segment.endswith("+}"):
            result.append(("greedy", segment[1:-2]))
        elif segment.startswith("{") and segment.endswith("}"):
            result.append(("label", segment[1:-1]))
        elif "{" in segment:
            raise ValueError(f"a label that is only part of a segment: {path}")
        else:
            result.append(("literal", segment))
    return result


def parse_query(query: str) -> list[tuple[str, str | None]]:
    """'uploads&x-id=PutObject' -> [(uploads, None)]. x-id only repeats the operation's name."""
    result = []
    for item in filter(None, query.split("&")):
        name, equals, value = item.partition("=")
        if name != "x-id":
            result.append((name, value if equals else None))
    return result


def _required_parameters(raw: dict, operation: dict) -> tuple[list[str], list[str]]:
    """Names of the required query keys and headers of an operation's input."""
    shape = raw["shapes"].get(operation.get("input", {}).get("shape", ""), {})
    keys, headers = [], []
    for name in shape.get("required", []):
        member = shape["members"][name]
        if member.get("location") == "querystring":
            keys.append(member.get("locationName", name))
        elif member.get("location") == "header":
            headers.append(member.get("locationName", name))
    return keys, headers


def make(service: Service, raw: dict) -> list[Route]:
    if not {"rest_xml", "rest_json"} & set(service.protocols):
        return []
    groups: dict[tuple, list] = {}
    for op in service.operations:
        path, _, query = op.uri.partition("?")
        route = Route(op.method, parse_path(path), parse_query(query), [], [], op.name)
        shape_of_path = tuple((kind, text if kind == "literal" else "") for kind, text in route.path)
        groups.setdefault((op.method, shape_of_path, tuple(sorted(route.query, key=str))), []).append((op, route))
    result = []
    for group in groups.values():
        if len(group) > 1:
            result += _tell_apart(group, raw)
            continue
        op, route = group[0]
        if service.s3_xml_dialect and not route.query:
            # A POST to an object without an uploadId isn't a CompleteMultipartUpload that lacks one: it is nothing.
            route.any_query_key, _ = _required_parameters(raw, raw["operations"][op.name])
        result.append(route)
    return sorted(result, key=_specificity)


def _tell_apart(group: list, raw: dict) -> list[Route]:
    """Operations of one method and path: by required parameters. The one without any takes what is left."""
    for op, route in group:
        route.any_query_key, route.headers = _required_parameters(raw, raw["operations"][op.name])

    def order(item):
        op, route = item
        deprecated = bool(raw["operations"][op.name].get("deprecated"))
        return (-len(route.any_query_key) - len(route.headers), deprecated, not op.implemented, op.name)

    return [route for _, route in sorted(group, key=order)]


def _specificity(route: Route):
    path = [(_RANK[kind], text if kind == "literal" else "") for kind, text in route.path]
    # Sorting is stable: within one path and number of query keys the order of _tell_apart stays.
    return (route.method, path + [(3, "")], -len(route.query), -len(route.any_query_key) - len(route.headers))
