"""Hashes of texts against plain Python integers and against published values."""

import numpy as np
import pytest

from neuroxide import _core
from tests.reference import fingerprint as reference

# TensorFlow 2's `tf.strings.to_hash_bucket_fast(text, 2**62 + 11)` and `to_hash_bucket_strong(…, key=[133, 137])`.
KNOWN = [
    ("", 1936946117179621433, 316627932347062985),
    ("a", 3694432073954588109, 2466253977694453439),
    ("omar", 3378277989609990986, 1263773457614080759),
    ("12345", 2715825699093920983, 1644766953199143810),
    ("-7", 157654154374354232, 2934085813251794398),
    ("stringer", 2877107343848490959, 1377567056366200686),
    ("avon barksdale was here", 1616419702033683178, 3797408657845337554),
    ("the quick brown fox jumps over the lazy dog", 3200379034145657789, 1129845220512511072),
    (
        "the quick brown fox jumps over the lazy dog, and then once more, with feeling; é日本",
        2525546412593896853,
        3533937486600923921,
    ),
]  # fmt: skip


def texts():
    rng = np.random.default_rng(0)
    lengths = [*range(140), 191, 192, 193, 255, 256, 257, 1000]
    return [bytes(rng.integers(0, 256, n, dtype=np.uint8)) for n in lengths]


@pytest.mark.parametrize("key", [None, (0, 0), (133, 137), (2**64 - 1, 2**63)])
def test_every_length_against_the_reference(key):
    got = _core.fingerprints(texts(), key)
    assert got.dtype == np.uint64
    np.testing.assert_array_equal(got, reference.fingerprints(texts(), key))


def test_published_values():
    for key, column in ((None, 1), ((133, 137), 2)):
        got = _core.fingerprints([row[0] for row in KNOWN], key) % np.uint64(2**62 + 11)
        assert got.tolist() == [row[column] for row in KNOWN]


def test_strings_are_hashed_as_utf_8_and_many_as_few():
    assert _core.fingerprints(["é", "日本"]).tolist() == _core.fingerprints(["é".encode(), "日本".encode()]).tolist()
    many = [str(i) for i in range(20_000)]
    got = _core.fingerprints(many)
    assert got[12_345] == _core.fingerprints(["12345"])[0]
    assert len(set(got.tolist())) == len(many)
    assert _core.fingerprints([]).shape == (0,)


def test_errors():
    with pytest.raises(TypeError, match="fingerprints: expected texts to hold strings or bytes, got int"):
        _core.fingerprints([1])
    with pytest.raises(TypeError, match="fingerprints: expected texts to be a tuple or list of strings, got str"):
        _core.fingerprints("abc")
