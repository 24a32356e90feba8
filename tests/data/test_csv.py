"""CSV files as typed columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neuroxide.data import read_csv

TABLE = [
    'id,age,name,note,score\r\n',
    '1,31,"Doe, ""Jane""","two\r\nlines",0.5\r\n',
    ' 2 ,NA,Bob,,1e3\r\n',
    '\r\n',
    '3,?,Zoë,-,-inf\r\n',
]  # fmt: skip


def test_types_quotes_and_missing_values(tmp_path: Any) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes("".join(TABLE).encode("utf-8-sig"))
    for source in (path, str(path), TABLE):
        table = read_csv(source)
        if source is TABLE:
            table["id"] = table.pop("id")
        assert sorted(table) == ["age", "id", "name", "note", "score"]
        assert table["id"].dtype == np.int64 and table["id"].tolist() == [1, 2, 3]
        np.testing.assert_array_equal(table["age"], [31, np.nan, np.nan])
        assert table["name"].tolist() == ['Doe, "Jane"', "Bob", "Zoë"]
        assert table["note"].tolist() == ["two\r\nlines", "", "-"]
        assert table["score"].tolist() == [0.5, 1000.0, -np.inf]


def test_names_columns_dtypes_rows_and_delimiters() -> None:
    lines = ["1;2;x", "3;4;y", "5;6;z"]
    table = read_csv(
        lines, names=["a", "b", "c"], columns=["c", "a"], dtypes={"a": "float32"}, delimiter=";", max_rows=2
    )
    assert list(table) == ["c", "a"]
    assert table["a"].dtype == np.float32 and table["a"].tolist() == [1.0, 3.0]
    assert table["c"].tolist() == ["x", "y"]
    assert read_csv(lines, names=["a", "b", "c"], delimiter=";", dtypes={"b": str})["b"].tolist() == ["2", "4", "6"]
    assert read_csv(["a", "-"], missing=["-"], dtypes={"a": "float64"})["a"].tolist() != [0.0]
    assert read_csv(["a,b"])["a"].shape == (0,)


def test_what_only_python_takes_for_a_number_is_text() -> None:
    assert read_csv(["a", "1_000"])["a"].tolist() == ["1_000"]
    assert read_csv(["a", "9" * 30])["a"].dtype == np.float64


@pytest.mark.parametrize(
    ("act", "match"),
    [
        (lambda: read_csv([]), "a first line with the columns' names, got an empty file"),
        (lambda: read_csv(["a,b", "1"]), "line 2: expected 2 fields, got 1"),
        (lambda: read_csv(["a,a", "1,2"]), r"each column's name once, got \['a'\] several times"),
        (lambda: read_csv(["age", "1"], columns=["aeg"]), "unknown column 'aeg'; did you mean 'age'"),
        (lambda: read_csv(["age", "1"], dtypes={"agee": int}), "unknown column 'agee'; did you mean 'age'"),
        (lambda: read_csv(["a", "1", "x"], dtypes={"a": "int64"}), "line 3: expected a int64 in column 'a', got 'x'"),
        (lambda: read_csv(["a", "NA"], dtypes={"a": "int64"}), "expected a int64 in column 'a', got 'NA'"),
        (lambda: read_csv(["a", "300"], dtypes={"a": "int8"}), "expected a int8 in column 'a', got '300'"),
        (lambda: read_csv(["a", "1"], dtypes={"a": "datetime64[s]"}), "dtypes of numbers, bool and str"),
        (lambda: read_csv(["a", '"open']), "line 2: unexpected end of data"),
    ],
)
def test_refusals(act: Any, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        act()
