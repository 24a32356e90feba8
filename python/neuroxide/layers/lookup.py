"""Words and numbers into places of a vocabulary, and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from neuroxide import ops
from neuroxide.autograd import Tensor
from neuroxide.layers.encoding import values_of
from neuroxide.layers.index_lookup import Array, IndexLookup
from neuroxide.utils.registry import register_builtin


class StringLookup(IndexLookup):
    """Strings into numbers: the mask's (if any), those of unknown strings, then the vocabulary's.

    Args:
        max_tokens: Largest size of the vocabulary, special tokens included.
        num_oov_indices: How many numbers unknown strings have; with several, a hash chooses. 0 refuses them.
        mask_token: A string that becomes 0 in mode ``"int"`` and is dropped in others.
        oov_token: What unknown numbers become with `invert`.
        vocabulary: The strings, or the path of a file with one a line; None to learn them with `adapt`.
        idf_weights: Weights of the vocabulary, for ``"tf_idf"``.
        invert: Whether numbers become strings instead.
        output_mode: ``"int"`` (int64), ``"one_hot"``, ``"multi_hot"``, ``"count"`` or ``"tf_idf"``: count ·
            log(1 + documents / (1 + documents with the token)).
        pad_to_max_tokens: Whether encodings have `max_tokens` places whatever the vocabulary.
        sparse: False; sparse results are not supported.
        encoding: How bytes are read.
        name: The layer's name.
        salt: Whole number or two, for the hash of unknown strings.
        **kwargs: `dtype`. Encodings are floating here, where Keras's have int64.

    Raises:
        ValueError: For wrong arguments, a call before there is a vocabulary, or unknown strings without a number.
        TypeError: For inputs that are no strings.

    Example:
        >>> layer = StringLookup()
        >>> layer.adapt(["a", "b", "b"])
        >>> layer.get_vocabulary(), layer([["b", "a"], ["?", "b"]]).numpy().tolist()
        (['[UNK]', 'b', 'a'], [[1, 2], [0, 1]])
        >>> StringLookup(vocabulary=["b", "a"], invert=True)([2, 0]).tolist()
        ['a', '[UNK]']
    """

    encoding: str

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: str | None = None,
        oov_token: str | None = "[UNK]",
        vocabulary: Any = None,
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        pad_to_max_tokens: bool = False,
        sparse: bool = False,
        encoding: str = "utf-8",
        name: str | None = None,
        salt: Any = None,
        oov_method: str = "floormod",
        **kwargs: Any,
    ) -> None:
        self.__dict__["encoding"] = encoding
        super().__init__(
            max_tokens, num_oov_indices, mask_token, oov_token, vocabulary, idf_weights, invert, output_mode, sparse,
            pad_to_max_tokens, oov_method, salt, name=name, **kwargs,
        )  # fmt: skip

    def _values(self, x: Any) -> Array:
        array = values_of(x)
        if array.dtype.kind == "S":
            return np.asarray(np.char.decode(array, self.encoding))
        if array.dtype.kind == "O":
            texts = [t.decode(self.encoding) if isinstance(t, bytes) else t for t in array.ravel().tolist()]
            wrong = [t for t in texts if not isinstance(t, str)]
            if wrong:
                raise TypeError(f"{self._label}: expected strings, got {wrong[0]!r}")
            return np.asarray(np.array(texts, dtype=str).reshape(array.shape))
        if array.dtype.kind != "U" and array.size:
            raise TypeError(f"{self._label}: expected strings, got {array.dtype}; IntegerLookup is for numbers")
        return np.asarray(array, dtype=str)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, with the vocabulary as it is."""
        return {**super().get_config(), "encoding": self.encoding}


class IntegerLookup(IndexLookup):
    """Whole numbers into places of a vocabulary, as `StringLookup` does with strings; it works within models too.

    Args:
        max_tokens: See `StringLookup`.
        num_oov_indices: See `StringLookup`.
        mask_token: A number that becomes 0 in mode ``"int"`` and is dropped in others.
        oov_token: What unknown places become with `invert`.
        vocabulary: The numbers, or the path of a file with one a line; None to learn them with `adapt`.
        vocabulary_dtype: ``"int64"``.
        idf_weights: See `StringLookup`.
        invert: See `StringLookup`.
        output_mode: See `StringLookup`.
        sparse: False; sparse results are not supported.
        pad_to_max_tokens: See `StringLookup`.
        oov_method: How one of several places for unknown numbers is chosen: ``"floormod"``, the remainder, or
            ``"farmhash"``, a hash of the digits.
        salt: Whole number or two, for ``"farmhash"``.
        name: The layer's name.
        **kwargs: `dtype`.

    Raises:
        ValueError: See `StringLookup`.
        TypeError: For inputs that are no whole numbers.

    Example:
        >>> layer = IntegerLookup(vocabulary=[12, 36, 42])
        >>> layer(np.array([[42, 12], [7, 36]])).numpy().tolist()
        [[3, 1], [0, 2]]
    """

    _integers = True

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: int | None = None,
        oov_token: int = -1,
        vocabulary: Any = None,
        vocabulary_dtype: str = "int64",
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        sparse: bool = False,
        pad_to_max_tokens: bool = False,
        oov_method: str = "floormod",
        salt: Any = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if vocabulary_dtype != "int64":
            raise ValueError(f"integer_lookup: expected vocabulary_dtype 'int64', got {vocabulary_dtype!r}")
        super().__init__(
            max_tokens, num_oov_indices, mask_token, oov_token, vocabulary, idf_weights, invert, output_mode, sparse,
            pad_to_max_tokens, oov_method, salt, name=name, **kwargs,
        )  # fmt: skip

    def _values(self, x: Any) -> Array:
        array = values_of(x)
        whole = array.dtype.kind in "iub" or (array.dtype.kind == "f" and bool((np.mod(array, 1) == 0).all()))
        if not whole and array.size:
            raise TypeError(f"{self._label}: expected whole numbers, got {array.dtype}; StringLookup is for strings")
        return np.asarray(array, dtype=np.int64)

    def _inverted_values(self, tokens: Array) -> Any:
        return ops.cast(Tensor(tokens), "int64")

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, with the vocabulary as it is."""
        return {**super().get_config(), "vocabulary_dtype": "int64"}


register_builtin("layers", StringLookup, IntegerLookup)
