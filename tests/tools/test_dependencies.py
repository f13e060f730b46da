"""The check of the dependency rule finds what breaks it, and only that."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.checks.dependencies import check


def breaches(tmp_path: Path, file: str, text: str) -> list[str]:
    path = tmp_path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return [breach.text for breach in check(tmp_path)]


@pytest.mark.parametrize(
    ("file", "include"),
    [
        ("http/server.cc", '"auth/credentials.h"'),
        ("http/server.cc", '"protocol/codec.h"'),
        ("http/server.cc", '"os/file_system.h"'),
        ("base/time.cc", '"http/message.h"'),
        ("protocol/codec.cc", '"auth/credentials.h"'),
        ("metadata/store.cc", '"objects/extent.h"'),
        ("objects/store.cc", '"protocol/codec.h"'),
        ("gateway/pipeline.cc", '"services/s3/api.h"'),
        ("services/s3/service.cc", '"main/config.h"'),
        ("services/emr/steps.cc", '"services/s3/bucket.h"'),
        ("services/emr/steps.cc", '"services/s3/operations/api.h"'),
        ("services/s3/service.cc", "<rocksdb/db.h>"),
        ("gateway/pipeline.h", "<boost/asio.hpp>"),
        ("main/daemon.cc", "<boost/beast/http.hpp>"),
        ("services/sts/saml.cc", "<libxml/parser.h>"),
        ("gateway/route.cc", "<xmlsec/xmldsig.h>"),
        ("helpers/things.cc", '"base/time.h"'),
    ],
)
def test_a_breach_is_found(tmp_path: Path, file: str, include: str) -> None:
    found = breaches(tmp_path, file, f"// A file.\n#include {include}\n")
    assert len(found) == 1


@pytest.mark.parametrize(
    ("file", "include"),
    [
        ("http/server.cc", '"base/result.h"'),
        ("http/server.cc", '"http/message.h"'),
        ("http/server.cc", "<boost/asio.hpp>"),
        ("auth/sigv4.cc", '"http/message.h"'),
        ("metadata/rocksdb_store.cc", "<rocksdb/db.h>"),
        ("objects/store.cc", '"metadata/store.h"'),
        ("gateway/pipeline.cc", '"auth/credentials.h"'),
        ("services/emr/steps.cc", '"services/s3/api.h"'),
        ("services/s3/service.cc", '"services/s3/bucket.h"'),
        ("services/s3/operations/get_object.cc", '"s3/model.h"'),
        ("main/daemon.cc", '"services/s3/service.h"'),
        ("base/time.cc", "<vector>"),
    ],
)
def test_what_the_rule_allows_passes(tmp_path: Path, file: str, include: str) -> None:
    assert breaches(tmp_path, file, f"#include {include}\n") == []


def test_a_breach_names_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "http").mkdir()
    (tmp_path / "http/x.cc").write_text('\n\n#include "main/config.h"\n')
    assert str(check(tmp_path)[0]).startswith("http/x.cc:3: ")
