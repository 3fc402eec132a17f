"""Compute the centre that ``powermem._core.embedding.e5`` takes off the vectors of multilingual-e5-small.

All vectors of the model share a large component, so that the cosine of any two texts is between 0.7 and 0.9.
The centre is the mean over the sentences of ``e5_sentences.json``, as passages and as queries. They are of
everyday life, five in each of twenty languages, and no sentence is the translation of another.

    python -m benchmarks.e5_centre src/powermem/data/multilingual-e5-small/centre.json
"""

from __future__ import annotations

import argparse
import base64
import json
from pathlib import Path

import numpy as np

from powermem._core.embedding.e5 import E5, PASSAGE, QUERY

SENTENCES = Path(__file__).with_name("e5_sentences.json")


def main() -> None:
    """Write the centre to a file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    target = parser.parse_args().file
    sentences = [text for each in json.loads(SENTENCES.read_text("utf-8")).values() for text in each]
    texts = [prefix + text for prefix in (PASSAGE, QUERY) for text in sentences]
    mean = E5(centred=False).embed(texts).mean(axis=0)
    packed = base64.b64encode(mean.astype("<f2").tobytes()).decode("ascii")
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps({"made by": "benchmarks/e5_centre.py", "float16": packed}, indent=1) + "\n")
    print(f"{target}: mean of {len(texts)} vectors, of length {np.linalg.norm(mean):.3f}")


if __name__ == "__main__":
    main()
