"""Tables in CSV files as typed columns."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np
import numpy.typing as npt

from neuroxide.utils.naming import suggest

MISSING = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "?")


def read_csv(
    source: Any,
    *,
    names: Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
    dtypes: Mapping[str, Any] | None = None,
    delimiter: str = ",",
    quotechar: str = '"',
    missing: Sequence[str] = MISSING,
    max_rows: int | None = None,
    encoding: str = "utf-8-sig",
) -> dict[str, npt.NDArray[Any]]:
    """Read a CSV file into one array for each column.

    A column becomes int64 where every field is a whole number, else float64 where every field is a number or missing
    (NaN), else strings (missing ones empty). Blanks around a field do not count. Quoted fields may hold delimiters,
    quotes (doubled) and line ends.

    Args:
        source: path, open text file, or iterable of lines.
        names: the columns' names, where the file has none in its first line.
        columns: the columns to keep, in this order; all by default.
        dtypes: column → dtype that it is to have: a NumPy dtype, or `str`.
        delimiter: what separates fields.
        quotechar: what fields are quoted with.
        missing: fields that stand for nothing.
        max_rows: read at most so many rows.
        encoding: of a file given by path.

    Returns:
        Column name → array of the length of the table.

    Raises:
        ValueError: no first line, names that repeat or are unknown, a line of another number of fields, or a field that
            its dtype does not hold; with the line.

    Example:
        >>> table = read_csv(['age,name', '31,"Doe, Jane"', ',Bob'])
        >>> table["age"], table["name"]
        (array([31., nan]), array(['Doe, Jane', 'Bob'], dtype='<U9'))
    """
    opened = isinstance(source, (str, os.PathLike))
    with open(source, encoding=encoding, newline="") if opened else nullcontext(source) as lines:
        header, rows, places = _rows(lines, names, delimiter, quotechar, max_rows)
    chosen = header if columns is None else list(columns)
    for name in [*chosen, *(dtypes or ())]:
        if name not in header:
            raise ValueError(f"read_csv: unknown column {name!r}{suggest(name, header)}")
    nothing = frozenset(missing)
    table = {}
    for name in chosen:
        at = header.index(name)
        fields = [row[at].strip() for row in rows]
        wanted = None if dtypes is None else dtypes.get(name)
        if wanted is None:
            table[name] = _inferred(fields, nothing)
        else:
            table[name] = _converted(name, fields, wanted, nothing, places)
    return table


def _rows(
    lines: Iterable[str], names: Sequence[str] | None, delimiter: str, quotechar: str, max_rows: int | None
) -> tuple[list[str], list[list[str]], list[int]]:
    """The names, the rows, and the line that each ends in."""
    reader = csv.reader(lines, delimiter=delimiter, quotechar=quotechar, strict=True)
    rows: list[list[str]] = []
    places: list[int] = []
    header = None if names is None else list(names)
    try:
        for row in reader:
            if not row:
                continue
            if header is None:
                header = [name.strip() for name in row]
                continue
            if len(row) != len(header):
                raise ValueError(f"read_csv: line {reader.line_num}: expected {len(header)} fields, got {len(row)}")
            if max_rows is not None and len(rows) >= max_rows:
                break
            rows.append(row)
            places.append(reader.line_num)
    except csv.Error as error:
        raise ValueError(f"read_csv: line {reader.line_num}: {error}") from None
    if header is None:
        raise ValueError("read_csv: expected a first line with the columns' names, got an empty file")
    repeated = sorted({name for name in header if header.count(name) > 1})
    if repeated:
        raise ValueError(f"read_csv: expected each column's name once, got {repeated} several times; pass names=[…]")
    return header, rows, places


def _number(field: str, kind: Any) -> Any:
    """A field as int or float; digits parted by underscores are Python's alone."""
    if "_" in field:
        raise ValueError
    return kind(field)


def _inferred(fields: list[str], nothing: frozenset[str]) -> npt.NDArray[Any]:
    try:
        return np.array([_number(field, int) for field in fields], dtype=np.int64)
    except (ValueError, OverflowError):
        pass
    try:
        return np.array([np.nan if field in nothing else _number(field, float) for field in fields], dtype=np.float64)
    except ValueError:
        return np.array(["" if field in nothing else field for field in fields], dtype=str)


def _converted(
    name: str, fields: list[str], wanted: Any, nothing: frozenset[str], places: list[int]
) -> npt.NDArray[Any]:
    dtype = np.dtype(wanted)
    if dtype.kind == "U":
        return np.array(["" if field in nothing else field for field in fields], dtype=dtype)
    if dtype.kind not in "iufb":
        raise ValueError(f"read_csv: expected dtypes of numbers, bool and str, got {wanted!r} for column {name!r}")
    out = np.zeros(len(fields), dtype)
    for i, field in enumerate(fields):
        try:
            if field in nothing:
                if dtype.kind != "f":
                    raise ValueError
                out[i] = np.nan
            else:
                out[i] = _number(field, float if dtype.kind == "f" else int)
        except (ValueError, OverflowError):
            raise ValueError(
                f"read_csv: line {places[i]}: expected a {dtype.name} in column {name!r}, got {field!r}"
            ) from None
    return out
