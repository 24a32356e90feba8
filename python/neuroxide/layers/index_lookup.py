"""`IndexLookup`: a vocabulary, its learning, and looking tokens up in it."""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt

from neuroxide import config
from neuroxide.autograd import Tensor
from neuroxide.layers.encoding import DataLayer, batches_of, encode, encoded_shape, values_of
from neuroxide.layers.graph import KerasTensor
from neuroxide.layers.hashing import checked_salt
from neuroxide.utils.hashing import hash_buckets
from neuroxide.utils.naming import suggest, to_snake_case

Array = npt.NDArray[Any]


class IndexLookup(DataLayer):
    """What `StringLookup` and `IntegerLookup` share: the vocabulary, its learning, the look-up, the encodings."""

    _modes = ("int", "one_hot", "multi_hot", "count", "tf_idf")
    _integers = False

    def __init__(
        self,
        max_tokens: int | None,
        num_oov_indices: int,
        mask_token: Any,
        oov_token: Any,
        vocabulary: Any,
        idf_weights: Any,
        invert: bool,
        output_mode: str,
        sparse: bool,
        pad_to_max_tokens: bool,
        oov_method: str,
        salt: Any,
        **kwargs: Any,
    ) -> None:
        kwargs.pop("vocabulary_size", None)
        super().__init__(**kwargs)
        self.output_mode = self._check_mode(output_mode, sparse)
        self._refuse_if(max_tokens is not None and max_tokens <= 1, f"max_tokens above 1 or None, got {max_tokens}")
        self._refuse_if(pad_to_max_tokens and max_tokens is None, "max_tokens with pad_to_max_tokens, got None")
        self._refuse_if(num_oov_indices < 0, f"num_oov_indices of 0 or more, got {num_oov_indices}")
        if oov_method not in ("floormod", "farmhash"):
            wrong = f"{self._label}: unknown oov_method {oov_method!r}{suggest(oov_method, ('floormod', 'farmhash'))}"
            raise ValueError(wrong)
        self._refuse_if(
            salt is not None and self._integers and oov_method != "farmhash", "oov_method 'farmhash' with a salt"
        )
        self._refuse_if(invert and self.output_mode != "int", f"output_mode 'int' with invert, got {output_mode!r}")
        idf = self.output_mode == "tf_idf"
        self._refuse_if(idf_weights is not None and not idf, "idf_weights with output_mode 'tf_idf' alone")
        self._refuse_if(idf and vocabulary is not None and idf_weights is None, "idf_weights with the vocabulary")
        self.invert = bool(invert)
        self.max_tokens = max_tokens
        self.num_oov_indices = int(num_oov_indices)
        self.mask_token = mask_token
        self.oov_token = oov_token
        self.pad_to_max_tokens = bool(pad_to_max_tokens)
        self.oov_method = oov_method
        self.salt = checked_salt(self._label, salt)
        self._fixed = vocabulary is not None
        self._tokens: Array | None = None
        self._idf: Array | None = None
        self._given: tuple[list[Any], Any] | None = None
        self._forget()
        self.built = True
        if vocabulary is not None:
            self.set_vocabulary(vocabulary, idf_weights)
            if not isinstance(vocabulary, (str, os.PathLike)):
                weights = None if idf_weights is None else values_of(idf_weights).tolist()
                self._given = (values_of(vocabulary).tolist(), weights)

    @property
    def _label(self) -> str:
        return to_snake_case(type(self).__name__)

    def _refuse_if(self, wrong: Any, expected: str) -> None:
        if wrong:
            raise ValueError(f"{self._label}: expected {expected}")

    def _values(self, x: Any) -> Array:
        """The inputs as an array of the vocabulary's type."""
        raise NotImplementedError

    # -- vocabulary --------------------------------------------------------------------------------------------------

    @property
    def _oov_start(self) -> int:
        return 1 if self.mask_token is not None and self.output_mode == "int" else 0

    @property
    def _token_start(self) -> int:
        return self._oov_start + self.num_oov_indices

    def _special(self) -> list[Any]:
        return [self.mask_token] * self._oov_start + [self.oov_token] * self.num_oov_indices

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[Any]:
        """The tokens in the order of their numbers, with or without those for masks and unknown ones."""
        tokens = [] if self._tokens is None else self._tokens.tolist()
        return [*self._special(), *tokens] if include_special_tokens else tokens

    def vocabulary_size(self) -> int:
        """Number of tokens, special ones included."""
        return self._token_start + (0 if self._tokens is None else len(self._tokens))

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Set the tokens, and with ``"tf_idf"`` their weights, instead of learning them.

        Args:
            vocabulary: Tokens, with the special ones in front or without any; or the path of a file with one a line.
            idf_weights: One for each token given. Special tokens that are not given get their mean.

        Raises:
            ValueError: For no tokens, tokens that repeat or are reserved, too many, or weights that do not fit.
        """
        if isinstance(vocabulary, (str, os.PathLike)):
            with open(vocabulary, encoding="utf-8") as file:
                lines = file.read().splitlines()
            vocabulary = [int(line) for line in lines] if self._integers else lines
        given = values_of(vocabulary).tolist()
        self._refuse_if(not given, "a vocabulary of at least one token, got none")
        special = self._special()
        whole = bool(special) and given[: len(special)] == special
        tokens = given[len(special) :] if whole else given
        repeated = [token for token, count in Counter(tokens).items() if count > 1]
        self._refuse_if(repeated, f"each token once, got {repeated[:5]} several times")
        reserved = [self.mask_token, self.oov_token if self.invert else None]
        for token in reserved:
            self._refuse_if(
                token is not None and token in tokens,
                f"the reserved token {token!r} at the start of the vocabulary {special} or not at all",
            )
        size = len(special) + len(tokens)
        self._refuse_if(
            self.max_tokens is not None and size > self.max_tokens,
            f"a vocabulary of at most max_tokens={self.max_tokens}, special ones included, got {size}",
        )
        weights = self._checked_weights(idf_weights, given, 0 if whole else len(special))
        self._set_tokens(self._values(np.asarray(tokens, dtype=object if not tokens else None)), weights)

    def _checked_weights(self, weights: Any, given: list[Any], front: int) -> Array | None:
        if self.output_mode != "tf_idf":
            self._refuse_if(weights is not None, "idf_weights with output_mode 'tf_idf' alone")
            return None
        self._refuse_if(weights is None, "idf_weights with output_mode 'tf_idf', got None")
        array = np.asarray(weights, dtype=np.float64)
        self._refuse_if(
            array.shape != (len(given),),
            f"idf_weights of shape ({len(given)},) to match the vocabulary, got {array.shape}",
        )
        return np.concatenate([np.full(front, array.mean()), array])

    def _set_tokens(self, tokens: Array, weights: Array | None) -> None:
        self._tokens, self._idf = tokens, weights
        # What the constructor was given, for the configuration; learnt tokens stand there whole.
        self._given = None
        order = np.argsort(tokens, kind="stable")
        self._sorted, self._places = tokens[order], order + self._token_start

    # -- learning ----------------------------------------------------------------------------------------------------

    def _forget(self) -> None:
        self._counts: Counter[Any] = Counter()
        self._documents: Counter[Any] = Counter()
        self._num_documents = 0

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Learn the vocabulary from data: the most frequent tokens first, ties in falling order of the tokens.

        Args:
            data: An array or list, or an iterable of batches; for ``"tf_idf"`` each row is a document.
            steps: At most so many batches of an iterable.

        Raises:
            ValueError: When the vocabulary was given, or there are no data.
        """
        self.reset_state()
        single = isinstance(data, (np.ndarray, Tensor, list, tuple))
        for batch in batches_of(data, steps):
            self.update_state(batch[:, None] if single and batch.ndim == 1 else batch)
        self.finalize_state()

    def reset_state(self) -> None:
        """Forget the tokens counted."""
        self._refuse_if(self._fixed, "a layer made without a vocabulary to adapt, got one with")
        self._forget()

    def update_state(self, data: Any) -> None:
        """Count the tokens of a batch."""
        values = self._values(data)
        values = values.reshape(1, -1) if values.ndim < 2 else values
        tokens, counts = np.unique(values, return_counts=True)
        self._counts.update(dict(zip(tokens.tolist(), counts.tolist())))
        if self.output_mode == "tf_idf":
            for row in values.reshape(values.shape[0], -1):
                self._documents.update(set(row.tolist()))
            self._num_documents += values.shape[0]

    def finalize_state(self) -> None:
        """Make a vocabulary of the tokens counted."""
        for token in (self.mask_token, self.oov_token):
            self._counts.pop(token, None)
        self._refuse_if(not self._counts, "data to adapt to, got none")
        ranked = sorted(self._counts.items(), key=lambda item: (item[1], item[0]), reverse=True)
        if self.max_tokens:
            ranked = ranked[: self.max_tokens - self._token_start]
        tokens = [token for token, _ in ranked]
        weights = None
        if self.output_mode == "tf_idf":
            seen = np.array([self._documents[token] for token in tokens], dtype=np.float64)
            weights = np.log(1.0 + self._num_documents / (1.0 + seen))
            weights = np.concatenate([np.full(self._token_start, weights.mean()), weights])
        self._set_tokens(self._values(np.asarray(tokens)), weights)
        self._forget()

    # -- looking up --------------------------------------------------------------------------------------------------

    def call(self, inputs: Any) -> Any:
        """The numbers of the tokens, encoded; with `invert` the tokens of the numbers, as an array."""
        if self._tokens is None:
            raise ValueError(f"{self._label}: expected a vocabulary, got a layer that has none yet: call adapt first")
        if self.invert:
            return self._inverted(values_of(inputs))
        places = Tensor(self._look_up(self._values(inputs)))
        if self.output_mode == "int":
            return places
        depth = self._depth()
        mode = "count" if self.output_mode == "tf_idf" else self.output_mode
        encoded = encode(places, mode, depth, config.floatx())
        if self._idf is None:
            return encoded
        weights = np.zeros(depth, config.floatx())
        weights[: len(self._idf)] = self._idf
        return encoded * weights

    def _look_up(self, values: Array) -> Array:
        at = np.minimum(np.searchsorted(self._sorted, values), max(len(self._sorted) - 1, 0))
        found = self._sorted[at] == values if len(self._sorted) else np.zeros(values.shape, bool)
        places = np.where(found, self._places[at] if len(self._sorted) else 0, -1)
        masked = values == self.mask_token if self.mask_token is not None else np.zeros(values.shape, bool)
        unknown = (places < 0) & ~masked
        if self.num_oov_indices == 0 and unknown.any():
            shown = np.unique(values[unknown])[:5].tolist()
            raise ValueError(
                f"{self._label}: expected tokens of the vocabulary, got {shown}; with num_oov_indices=1 unknown ones "
                "have a number of their own"
            )
        places = np.where(unknown, self._oov_start + self._oov_offsets(values), places)
        # Outside of "int" a masked token is dropped: no category has the number −1.
        places = np.where(masked, 0 if self.output_mode == "int" else -1, places)
        return np.asarray(places, dtype=np.int64)

    def _oov_offsets(self, values: Array) -> Any:
        count = self.num_oov_indices
        if count <= 1:
            return 0
        if self._integers and self.oov_method == "floormod":
            return np.mod(values, count)
        return hash_buckets(values, count, None if self.salt is None else (self.salt[0], self.salt[1]))

    def _inverted(self, places: Array) -> Any:
        if places.dtype.kind not in "iuf":
            raise TypeError(f"{self._label}: expected numbers of tokens to invert, got {places.dtype}")
        table = np.asarray([*self.get_vocabulary(), self.oov_token])
        places = places.astype(np.int64)
        inside = (places >= 0) & (places < len(table) - 1)
        return self._inverted_values(table[np.where(inside, places, len(table) - 1)])

    def _inverted_values(self, tokens: Array) -> Any:
        return tokens

    def _depth(self) -> int:
        return self.max_tokens if self.pad_to_max_tokens and self.max_tokens else self.vocabulary_size()

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """The input's shape, or its encoding's."""
        return encoded_shape(input_shape, self.output_mode, self._depth())

    def compute_output_spec(self, inputs: Any) -> Any:
        """The symbolic output."""
        dtype = "int64" if self.output_mode == "int" else config.floatx()
        return KerasTensor(self.compute_output_shape(inputs.shape), dtype=dtype)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, with the vocabulary as it is."""
        known = self._tokens is not None
        learnt = (self.get_vocabulary(), None if self._idf is None else self._idf.tolist()) if known else (None, None)
        vocabulary, idf_weights = self._given or learnt if known else learnt
        return {
            **super().get_config(),
            "invert": self.invert,
            "max_tokens": self.max_tokens,
            "num_oov_indices": self.num_oov_indices,
            "oov_token": self.oov_token,
            "mask_token": self.mask_token,
            "output_mode": self.output_mode,
            "sparse": False,
            "pad_to_max_tokens": self.pad_to_max_tokens,
            "idf_weights": idf_weights,
            "vocabulary": vocabulary,
            "vocabulary_size": self.vocabulary_size() if known else None,
            "oov_method": self.oov_method,
            "salt": self.salt,
        }
