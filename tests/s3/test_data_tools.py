"""Parquet over S3: pyarrow with its own client (the AWS SDK for C++), and DuckDB with its own (httpfs)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import duckdb
import duckdb_extension_httpfs
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from pyarrow import fs

from tools.harness.server import Server

ROWS = 200_000
GROUPS = 7


@pytest.fixture
def arrow(server: Server) -> fs.S3FileSystem:
    credentials = server.credentials()
    return fs.S3FileSystem(
        access_key=credentials.access_key,
        secret_key=credentials.secret_key,
        region=credentials.region,
        scheme="http",
        endpoint_override=f"127.0.0.1:{server.port}",
        allow_bucket_creation=True,
        allow_bucket_deletion=True,
    )


@pytest.fixture
def duck(server: Server) -> duckdb.DuckDBPyConnection:
    """A database that reaches our server, and fetches nothing: httpfs comes from a package."""
    extension = next(Path(duckdb_extension_httpfs.__file__).parent.rglob("httpfs.duckdb_extension"))
    connection = duckdb.connect(config={"autoinstall_known_extensions": False})
    connection.execute(f"LOAD '{extension}'")
    credentials = server.credentials()
    connection.execute(
        f"CREATE SECRET (TYPE s3, KEY_ID '{credentials.access_key}', SECRET '{credentials.secret_key}', "
        f"REGION '{credentials.region}', ENDPOINT '127.0.0.1:{server.port}', URL_STYLE 'path', USE_SSL false)"
    )
    return connection


def table() -> pa.Table:
    numbers = range(ROWS)
    return pa.table(
        {
            "number": pa.array(numbers),
            "group": pa.array([f"g {number % GROUPS}" for number in numbers]),
            "noise": pa.array([os.urandom(16) for _ in numbers]),
        }
    )


def test_pyarrow_writes_and_reads(arrow: fs.S3FileSystem, bucket: str) -> None:
    written = table()
    pq.write_table(written, f"{bucket}/t.parquet", filesystem=arrow, row_group_size=20_000)
    assert pq.read_table(f"{bucket}/t.parquet", filesystem=arrow).equals(written)


def test_pyarrow_reads_a_column_by_ranges(arrow: fs.S3FileSystem, server: Server, s3: Any, bucket: str) -> None:
    """A column of small numbers costs a part of the file, so the client's ranges were answered as ranges."""
    written = table()
    pq.write_table(written, f"{bucket}/t.parquet", filesystem=arrow, row_group_size=20_000)
    size = s3.head_object(Bucket=bucket, Key="t.parquet")["ContentLength"]
    with arrow.open_input_file(f"{bucket}/t.parquet") as file:
        assert file.size() == size
        file.seek(size - 4)
        assert file.read(4) == b"PAR1"
        groups = pq.ParquetFile(file)
        assert groups.num_row_groups == ROWS // 20_000
        part = groups.read_row_group(3, columns=["number"])
    assert part["number"].to_pylist() == list(range(60_000, 80_000))
    read = pq.read_table(
        f"{bucket}/t.parquet", filesystem=arrow, columns=["group"], filters=[("number", "<", 5)], pre_buffer=False
    )
    assert read["group"].to_pylist() == [f"g {number}" for number in range(5)]


def test_pyarrow_dataset_with_partitions(arrow: fs.S3FileSystem, s3: Any, bucket: str) -> None:
    written = table()
    layout = ds.partitioning(pa.schema([("group", pa.string())]), flavor="hive")
    for times in ("overwrite_or_ignore", "delete_matching"):
        ds.write_dataset(
            written,
            f"{bucket}/data",
            format="parquet",
            partitioning=layout,
            filesystem=arrow,
            existing_data_behavior=times,
        )
    # The partition's folder holds a space, which pyarrow writes as %20: a part of the key, not of its encoding.
    listed = s3.list_objects_v2(Bucket=bucket, Prefix="data/group=", Delimiter="/")
    assert [entry["Prefix"] for entry in listed["CommonPrefixes"]] == [f"data/group=g%20{n}/" for n in range(GROUPS)]
    data = ds.dataset(f"{bucket}/data", format="parquet", partitioning=layout, filesystem=arrow)
    assert data.count_rows() == ROWS
    some = data.to_table(columns=["number"], filter=ds.field("group") == "g 3")
    assert sorted(some["number"].to_pylist()) == list(range(3, ROWS, GROUPS))


def test_pyarrow_uploads_in_parts(arrow: fs.S3FileSystem, s3: Any, bucket: str) -> None:
    piece = os.urandom(1 << 20)
    with arrow.open_output_stream(f"{bucket}/big", metadata={"Content-Type": "application/x-big"}) as stream:
        for _ in range(25):
            stream.write(piece)
    head = s3.head_object(Bucket=bucket, Key="big")
    assert "-" in head["ETag"]
    assert head["ContentType"] == "application/x-big"
    assert head["ContentLength"] == 25 << 20
    with arrow.open_input_stream(f"{bucket}/big") as stream:
        assert stream.read() == piece * 25


def test_pyarrow_s_file_system(arrow: fs.S3FileSystem, bucket_name: str) -> None:
    arrow.create_dir(f"{bucket_name}/a/b")
    with arrow.open_output_stream(f"{bucket_name}/a/b/odd ü+%&.bin") as stream:
        stream.write(b"12345")
    arrow.copy_file(f"{bucket_name}/a/b/odd ü+%&.bin", f"{bucket_name}/a/copy")
    arrow.move(f"{bucket_name}/a/copy", f"{bucket_name}/a/moved")
    found = arrow.get_file_info(fs.FileSelector(bucket_name, recursive=True))
    assert {(info.path.removeprefix(f"{bucket_name}/"), info.type, info.size) for info in found} == {
        ("a", fs.FileType.Directory, None),
        ("a/b", fs.FileType.Directory, None),
        ("a/b/odd ü+%&.bin", fs.FileType.File, 5),
        ("a/moved", fs.FileType.File, 5),
    }
    assert arrow.get_file_info(f"{bucket_name}/none").type == fs.FileType.NotFound
    arrow.delete_dir(f"{bucket_name}/a")
    arrow.delete_dir(bucket_name)
    assert arrow.get_file_info(bucket_name).type == fs.FileType.NotFound


def test_duckdb_writes_and_reads(duck: duckdb.DuckDBPyConnection, bucket: str) -> None:
    numbers = f"SELECT i, i % {GROUPS} AS g, 'v' || i AS t FROM range({ROWS}) r(i)"
    duck.execute(f"COPY ({numbers}) TO 's3://{bucket}/t.parquet' (FORMAT parquet)")
    duck.execute(f"COPY ({numbers}) TO 's3://{bucket}/t.csv.gz' (FORMAT csv, HEADER)")
    expected = [(g, len(range(g, ROWS, GROUPS)), sum(range(g, ROWS, GROUPS))) for g in range(GROUPS)]
    for file in ("t.parquet", "t.csv.gz"):
        query = f"SELECT g, count(*), sum(i)::BIGINT FROM 's3://{bucket}/{file}' GROUP BY g ORDER BY g"
        assert duck.execute(query).fetchall() == expected


def test_duckdb_partitions_and_globs(duck: duckdb.DuckDBPyConnection, bucket: str) -> None:
    duck.execute(
        f"COPY (SELECT i, i % {GROUPS} AS g FROM range({ROWS}) r(i)) TO 's3://{bucket}/data' "
        "(FORMAT parquet, PARTITION_BY (g))"
    )
    files = duck.execute(f"SELECT file FROM glob('s3://{bucket}/data/**')").fetchall()
    assert len(files) >= GROUPS
    some = duck.execute(
        f"SELECT min(i), max(i), count(*) FROM read_parquet('s3://{bucket}/data/*/*.parquet', hive_partitioning = true) "
        "WHERE g = 3"
    ).fetchone()
    numbers = range(3, ROWS, GROUPS)
    assert some == (numbers[0], numbers[-1], len(numbers))


def test_duckdb_reads_what_pyarrow_wrote(duck: duckdb.DuckDBPyConnection, arrow: fs.S3FileSystem, bucket: str) -> None:
    pq.write_table(table(), f"{bucket}/t.parquet", filesystem=arrow, row_group_size=20_000)
    row = duck.execute(f"SELECT count(*), sum(number)::BIGINT FROM 's3://{bucket}/t.parquet'").fetchone()
    assert row == (ROWS, ROWS * (ROWS - 1) // 2)
    with pytest.raises(duckdb.Error, match="404"):
        duck.execute(f"SELECT * FROM 's3://{bucket}/none.parquet'")
