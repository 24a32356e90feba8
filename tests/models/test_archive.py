"""The `.nx` container: only plain, known, undamaged members are read; writes replace whole files or nothing."""

import os
import struct
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neuroxide.models.archive import json_member, read_archive, read_json, write_archive
from neuroxide.models.files import atomic_write

READERS = {"config.json": read_json, "weights": lambda file, size, source: file.read(size)}


def write(path, config=None, weights=b"\x01\x02\x03"):
    write_archive(
        path, {"config.json": json_member(config or {"a": 1}), "weights": lambda f: f.write(weights) and None}
    )


def read(path):
    return read_archive(path, READERS, required=("config.json",))


def craft(path, members, **options):
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data, **options)


def test_round_trip_is_a_plain_zip(tmp_path):
    path = tmp_path / "m.nx"
    write(path, {"a": [1, 2.5, None]})
    assert read(path) == {"config.json": {"a": [1, 2.5, None]}, "weights": b"\x01\x02\x03"}
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}
    first = path.read_bytes()
    write(path, {"a": [1, 2.5, None]})
    assert path.read_bytes() == first


def test_a_file_zipped_again_without_compression_is_read(tmp_path):
    craft(tmp_path / "m.nx", [("weights", b"w"), ("config.json", b"{}")])
    assert read(tmp_path / "m.nx") == {"weights": b"w", "config.json": {}}


@pytest.mark.parametrize(
    ("members", "options", "message"),
    [
        ([("config.json", b"{}"), ("../evil", b"x")], {}, r"got '\.\./evil'"),
        ([("config.json", b"{}"), ("/etc/passwd", b"x")], {}, "expected members among"),
        ([("weights", b"x")], {}, "expected a member 'config.json'"),
        ([], {}, "."),
        ([("config.json", b"{}" + b" " * 100_000)], {"compress_type": zipfile.ZIP_DEFLATED}, "uncompressed"),
        ([("config.json", b"{")], {}, "does not parse"),
        ([("config.json", b"\xff")], {}, "does not parse"),
        ([("config.json", b"[" * 200_000)], {}, "does not parse"),
        ([(f"weights{i}", b"") for i in range(40)], {}, "at most 16 members"),
    ],
)
def test_hostile_archives_are_refused(tmp_path, members, options, message):
    path = tmp_path / "m.nx"
    craft(path, members, **options)
    with pytest.raises(ValueError, match=message):
        read(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_duplicate_members_are_refused(tmp_path):
    craft(tmp_path / "m.nx", [("config.json", b"{}"), ("config.json", b"[]")])
    with pytest.raises(ValueError, match=r"each member once, got 'config\.json' twice"):
        read(tmp_path / "m.nx")


def test_members_that_share_bytes_are_refused(tmp_path):
    path = tmp_path / "m.nx"
    craft(path, [("config.json", b"{}"), ("weights", b"x" * 50)])
    data = bytearray(path.read_bytes())
    # Point the directory's second entry at the first member.
    second = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 1)
    data[second + 42 : second + 46] = struct.pack("<L", 0)
    path.write_bytes(data)
    with pytest.raises(ValueError, match="nx file"):
        read(path)


def test_wrong_checksum_is_noticed(tmp_path):
    path = tmp_path / "m.nx"
    write(path, weights=b"precious")
    path.write_bytes(path.read_bytes().replace(b"precious", b"Precious"))
    with pytest.raises(ValueError, match="CRC"):
        read(path)


@pytest.mark.parametrize(
    "data", [b"", b"PK", b"PK\x03\x04", b"\x89HDF\r\n\x1a\n" + bytes(100), b"PK\x03\x04" + bytes(100)]
)
def test_other_files_are_refused(tmp_path, data):
    path = tmp_path / "m.nx"
    path.write_bytes(data)
    with pytest.raises(ValueError, match="nx file"):
        read(path)


def test_every_truncation_and_addition_is_noticed(tmp_path):
    path = tmp_path / "m.nx"
    write(path)
    data = path.read_bytes()
    for changed in [*(data[:n] for n in range(len(data))), data + b"x", b"x" + data]:
        path.write_bytes(changed)
        with pytest.raises(ValueError, match="nx file"):
            read(path)


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_damage_gives_content_or_a_value_error(tmp_path_factory, data):
    good, path = (tmp_path_factory.getbasetemp() / name for name in ("good.nx", "damaged.nx"))
    if not good.exists():
        write(good)
    content = bytearray(good.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    try:
        got = read(path)
    except ValueError:
        return
    assert got["config.json"] == {"a": 1}


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"old")

    def fail(file):
        file.write(b"half")
        raise RuntimeError("disk on fire")

    with pytest.raises(RuntimeError, match="fire"):
        atomic_write(path, fail)
    assert path.read_bytes() == b"old" and os.listdir(tmp_path) == ["f"]


def test_links_are_followed(tmp_path):
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real")
    atomic_write(tmp_path / "link", lambda file: file.write(b"new") and None)
    assert (tmp_path / "link").is_symlink() and (tmp_path / "real").read_bytes() == b"new"
