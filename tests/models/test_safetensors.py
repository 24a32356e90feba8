"""The safetensors reader and writer: bytes against the published layout, and every way a file can be wrong."""

import json
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neuroxide.models import safetensors

DTYPES = ["bool", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8"]


def build(header, data=b"", pad=0):
    """A file by the published layout, by hand."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    text += b" " * pad
    return len(text).to_bytes(8, "little") + text + data


def entry(dtype="F32", shape=(2,), offsets=(0, 8)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


def test_written_bytes_follow_the_published_layout():
    w = np.arange(6, dtype=np.float32).reshape(2, 3)
    data = safetensors.save({"b": np.array([7], np.int64), "w": w}, {"made": "here"})
    n = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + n])
    assert n % 8 == 0
    assert header == {
        "__metadata__": {"made": "here"},
        "b": {"dtype": "I64", "shape": [1], "data_offsets": [0, 8]},
        "w": {"dtype": "F32", "shape": [2, 3], "data_offsets": [8, 32]},
    }
    assert data[8 + n :] == np.array([7], "<i8").tobytes() + w.astype("<f4").tobytes()


def test_reads_a_file_made_by_hand():
    data = build(
        {"a": entry("U8", (3,), (0, 3)), "none": entry("F64", (0, 5), (3, 3)), "s": entry("F32", (), (3, 7))},
        bytes([1, 2, 3]) + np.float32(2.5).tobytes(),
        pad=5,
    )
    got = safetensors.load(data)
    assert list(got) == ["a", "none", "s"]
    np.testing.assert_array_equal(got["a"], np.array([1, 2, 3], np.uint8))
    assert got["none"].shape == (0, 5) and got["none"].dtype == np.float64
    assert got["s"].shape == () and got["s"] == np.float32(2.5)


@pytest.mark.parametrize("code", DTYPES)
@pytest.mark.parametrize("shape", [(), (0,), (1,), (7,), (3, 5), (2, 0, 3)])
def test_round_trip(code, shape, tmp_path):
    rng = np.random.default_rng(0)
    x = (rng.normal(size=shape) * 100).astype(code)
    strided = np.asarray(x, order="F")
    safetensors.save_file({"x": x, "strided": strided, "swapped": x.astype(x.dtype.newbyteorder(">"))}, tmp_path / "f")
    got = safetensors.load_file(tmp_path / "f")
    for value in got.values():
        assert value.dtype == np.dtype(code) and value.shape == shape and value.flags.writeable
        np.testing.assert_array_equal(value, x)


def test_nan_bits_survive():
    x = np.array([0x7FC01234, 0x7F800001, 0xFFC00000], np.uint32).view(np.float32)
    np.testing.assert_array_equal(safetensors.load(safetensors.save({"x": x}))["x"].view(np.uint32), x.view(np.uint32))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "at least 8 bytes"),
        (b"\x01\x02", "at least 8 bytes"),
        ((2**63).to_bytes(8, "little") + b"{}", "a length of 9223372036854775808"),
        ((100).to_bytes(8, "little") + b"{}", "a length of 100"),
        (build(b"not json"), "does not parse"),
        (build(b"\xff\xfe"), "does not parse"),
        (build(b"[" * 100_000), "does not parse"),
        (build(b"[1]"), "JSON object, got list"),
        (build(b'{"a": NaN}'), "NaN is no JSON"),
        (build(b'{"a": {}, "a": {}}'), "a key appears twice"),
        (build(b'{"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}', bytes(8)), "twice"),
        (build({"a": 3}), "dtype, shape and data_offsets"),
        (build({"a": {**entry(), "code": "x"}}, bytes(8)), "dtype, shape and data_offsets"),
        (build({"a": entry("BF16", (4,), (0, 8))}, bytes(8)), "a dtype among .*got 'BF16'"),
        (build({"a": entry(["F32"])}, bytes(8)), "a dtype among"),
        (build({"a": entry(shape=(-2,))}, bytes(8)), "sizes >= 0"),
        (build({"a": entry(shape=(2.0,))}, bytes(8)), "sizes >= 0"),
        (build({"a": entry(shape=(True, 2))}, bytes(8)), "sizes >= 0"),
        (build({"a": entry(shape=(1,) * 33, offsets=(0, 4))}, bytes(4)), "at most 32 sizes"),
        (build({"a": entry(shape=(2**62, 4))}, bytes(8)), "to fit"),
        (build({"a": entry(shape=(2**64,))}, bytes(8)), "sizes >= 0"),
        (build({"a": entry(shape=(0, 2**62), offsets=(0, 0))}), "fit in memory"),
        (build({"a": entry(offsets=(8, 0))}, bytes(8)), "data_offsets"),
        (build({"a": entry(offsets=(0, 8, 8))}, bytes(8)), "data_offsets"),
        (build({"a": entry(offsets=(0, 4))}, bytes(8)), "to fit F32 of shape .*, 8 bytes"),
        (build({"a": entry(), "b": entry()}, bytes(8)), "overlaps another"),
        (build({"a": entry(), "b": entry(offsets=(4, 12))}, bytes(12)), "overlaps another"),
        (build({"a": entry(), "b": entry(offsets=(9, 17))}, bytes(17)), "leaves a gap"),
        (build({"a": entry()}, bytes(7)), "expected 8 bytes of data, got 7"),
        (build({"a": entry()}, bytes(9)), "expected 8 bytes of data, got 9"),
        (build({"a": entry("F32", (2**40,), (0, 2**42))}, bytes(8)), "cut off"),
        (build({"a": entry("BOOL", (2,), (0, 2))}, bytes([1, 2])), "booleans"),
        (build({"__metadata__": {"a": 1}}), "strings to strings"),
        (build({"__metadata__": []}), "strings to strings"),
    ],
)
def test_wrong_files_are_refused(data, message):
    with pytest.raises(ValueError, match=message):
        safetensors.load(data)


def test_a_lying_header_costs_no_memory(tmp_path):
    path = tmp_path / "bomb"
    path.write_bytes(build({"a": entry("F32", (2**36,), (0, 2**38))}, bytes(64)))
    tracemalloc.start()
    with pytest.raises(ValueError, match="cut off"):
        safetensors.load_file(path)
    assert tracemalloc.get_traced_memory()[1] < 200_000
    tracemalloc.stop()


def test_every_truncation_is_noticed():
    data = safetensors.save({"w": np.ones((3, 4), np.float32), "b": np.zeros(4)})
    for length in range(len(data)):
        with pytest.raises(ValueError, match="safetensors"):
            safetensors.load(data[:length])


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_damaged_files_give_arrays_or_a_value_error(data):
    good = bytearray(safetensors.save({"w": np.ones((3, 4), np.float32), "b": np.zeros(4)}, {"k": "v"}))
    for _ in range(data.draw(st.integers(1, 4))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    try:
        result = safetensors.load(bytes(good))
    except ValueError:
        return
    assert all(isinstance(value, np.ndarray) for value in result.values())


@pytest.mark.parametrize(
    ("tensors", "metadata", "message"),
    [
        ({"x": np.array(["a"])}, None, "'x' of a dtype among"),
        ({"x": np.array([None])}, None, "'x' of a dtype among"),
        ({"x": np.array([1j])}, None, "'x' of a dtype among"),
        ({"__metadata__": np.ones(1)}, None, "not '__metadata__'"),
        ({1: np.ones(1)}, None, "a string"),
        ({"x": np.ones(1)}, {"a": 1}, "strings by string"),
    ],
)
def test_what_cannot_be_stored_is_refused(tensors, metadata, message, tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"kept")
    with pytest.raises(ValueError, match=message):
        safetensors.save_file(tensors, path, metadata)
    assert path.read_bytes() == b"kept" and [p.name for p in tmp_path.iterdir()] == ["f"]


@pytest.mark.peers
def test_agrees_with_the_reference_library(tmp_path):
    peer = pytest.importorskip("safetensors.numpy")
    tensors = {"w": np.arange(6, dtype=np.float32).reshape(2, 3), "s": np.array(1.5), "n": np.zeros((0, 2), np.int8)}
    safetensors.save_file(tensors, tmp_path / "ours", {"a": "b"})
    peer.save_file(tensors, tmp_path / "theirs", {"a": "b"})
    for got in (peer.load_file(tmp_path / "ours"), safetensors.load_file(tmp_path / "theirs")):
        assert {k: (v.dtype, v.shape, v.tobytes()) for k, v in got.items()} == {
            k: (v.dtype, v.shape, v.tobytes()) for k, v in tensors.items()
        }
