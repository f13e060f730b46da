"""Writes the C++ of AWS service models. Run by the build; see cmake/codegen.cmake.

codegen --operations operations.toml --service s3 --out build/generated [--parts 2]
codegen --operations operations.toml --list --out build/generated       the headers of all services' structs, a line each
codegen --operations operations.toml --registry --out build/generated
codegen --vectors <folder of protocol vectors> --out build/generated
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import emit_errors  # noqa: E402
import emit_model  # noqa: E402
import emit_operations  # noqa: E402
import emit_registry  # noqa: E402
import emit_schema  # noqa: E402
import load  # noqa: E402
import names  # noqa: E402
import vectors  # noqa: E402
from build import Builder, ModelError  # noqa: E402
from model import Service  # noqa: E402
from write import write  # noqa: E402


def write_service(service: Service, out: Path, parts: int) -> None:
    folder = service.name
    root = out / folder
    write(root / "operations.h", emit_operations.header(service, folder))
    write(root / "operations.cc", emit_operations.source(service, folder))
    if not service.shapes:  # nothing implemented: the build still expects its files
        for name in [
            "model.h",
            "declarations.h",
            "schema.h",
            "errors.h",
            "errors.cc",
            *(f"schema_{n}.cc" for n in range(parts)),
        ]:
            write(root / name, f"// No operation of {service.service_id} is implemented.\n")
        return
    write(root / "model.h", emit_model.emit(service, folder))
    write(root / "declarations.h", emit_model.declarations(service))
    for path, text in emit_model.headers(service, folder).items():
        write(out / path, text)
    write(root / "schema.h", emit_schema.header(service))
    for part in range(parts):
        write(root / f"schema_{part}.cc", emit_schema.source(service, folder, part, parts))
    write(root / "errors.h", emit_errors.header(service, folder))
    write(root / "errors.cc", emit_errors.source(service, folder))
    write(root / "skipped_patterns.txt", "".join(f"{p}\n" for p in service.skipped_patterns))


def build_service(table: dict, name: str) -> Service:
    entry = table[name]
    overrides = load.overrides(name)
    raw = load.model(entry.get("model", name), overrides)
    return Builder(name, names.namespace(name), raw, entry.get("operations", []), overrides).build()


def main() -> int:
    parser = argparse.ArgumentParser(prog="codegen")
    parser.add_argument("--operations", type=Path)
    parser.add_argument("--service")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--registry", action="store_true")
    parser.add_argument("--vectors", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--parts", type=int, default=1)
    args = parser.parse_args()
    try:
        if args.vectors:
            vectors.write_all(args.vectors, args.out, args.parts)
            return 0
        table = load.operations(args.operations)
        if args.registry:
            emit_registry.write_registry(sorted(table), args.out)
            return 0
        if args.list:
            for name in sorted(table):
                if table[name].get("operations"):
                    headers = emit_model.headers(build_service(table, name), name)
                    print("\n".join(str(args.out / path) for path in headers))
            return 0
        write_service(build_service(table, args.service), args.out, args.parts)
        return 0
    except ModelError as error:
        print(f"codegen: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
