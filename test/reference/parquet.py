"""Writes the Parquet files that test/parquet.test.ts reads: pyarrow 26.0.1, python3 test/reference/parquet.py."""

import datetime
import decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

FOLDER = Path(__file__).parent

TYPES = pa.table(
    {
        "text": pa.array(["0815", " Zürich ", None, "", "b,\"c\""]),
        "int32": pa.array([1, -2, None, 4, 2**31 - 1], pa.int32()),
        "int64": pa.array([1, -2, 3, 2**53, None], pa.int64()),
        "float": pa.array([0.5, float("nan"), None, -0.25, 1e10], pa.float32()),
        "double": pa.array([0.1, 1e-300, None, -7.0, 3.5], pa.float64()),
        "decimal": pa.array([decimal.Decimal(x) for x in ("1.25", "-2.50", "0.00", "10.01")] + [None], pa.decimal128(9, 2)),
        "boolean": pa.array([True, False, None, True, False]),
        "day": pa.array([datetime.date(2026, 11, 28), None, datetime.date(1969, 12, 31)] + [datetime.date(1970, 1, 1)] * 2),
        "time": pa.array(
            [datetime.datetime(2026, 11, 28, 12, 30, tzinfo=datetime.timezone.utc), None]
            + [datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)] * 3,
            pa.timestamp("us", tz="UTC"),
        ),
        "none": pa.nulls(5, pa.float64()),
        "2020": pa.array([1, 2, 3, 4, 5], pa.uint8()),
        "list": pa.array([[1], [2, 3], None, [], [4]]),
    }
)

# Two row groups.
pq.write_table(TYPES, FOLDER / "types.parquet", compression="snappy", row_group_size=3)
pq.write_table(TYPES.select(["text", "int32"]), FOLDER / "zstd.parquet", compression="zstd")
