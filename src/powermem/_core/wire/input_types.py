"""Embedding APIs that are told whether a text is a question or a text to be found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal
from urllib.parse import quote

import numpy as np
import numpy.typing as npt

from ...errors import ProviderError
from ..embedding.traits import QUESTION
from .formats import as_vectors, read_embeddings
from .reasons import UNUSABLE

Form = Literal["voyage", "cohere", "titan", "bedrock_cohere", "vertex"]
"""The form of a request: Voyage's, Cohere's (version 2), those of Amazon's and of Cohere's models on Bedrock,
and that of Vertex AI."""

_TYPES: Mapping[Form, tuple[str, str]] = {
    "voyage": ("document", "query"),
    "cohere": ("search_document", "search_query"),
    "bedrock_cohere": ("search_document", "search_query"),
    "vertex": ("RETRIEVAL_DOCUMENT", "RETRIEVAL_QUERY"),
}
"""How each form calls a text to be found, and a question."""


def form_of(protocol: str, model: str) -> Form:
    """Return the form in which a model is asked."""
    if protocol == "bedrock":
        return "bedrock_cohere" if "cohere." in model else "titan"
    forms: dict[str, Form] = {"voyage": "voyage", "cohere": "cohere", "vertex": "vertex"}
    return forms[protocol]


def most_texts(protocol: str, model: str, most: int) -> int:
    """Return the most texts of a request: Titan and Gemini on Vertex AI take one.

    Args:
        protocol: the API.
        model: the model's name.
        most: the most that the API takes with any model.
    """
    alone = (protocol == "bedrock" and "cohere." not in model) or (
        protocol == "vertex" and model.startswith("gemini-")
    )
    return 1 if alone else most


def endpoint_path(form: Form, model: str, *, project: str = "", location: str = "") -> str:
    """Return the path that is appended to the base URL."""
    if form == "voyage":
        return "embeddings"
    if form == "cohere":
        return "embed"
    name = quote(model, safe="")
    if form == "vertex":
        where = f"projects/{quote(project, safe='')}/locations/{quote(location, safe='')}"
        return f"v1/{where}/publishers/google/models/{name}:predict"
    return f"model/{name}/invoke"


def typed(texts: Sequence[str]) -> tuple[list[int], list[int]]:
    """Return the places of the texts to be found, and of the questions, which begin with ``QUESTION``."""
    asked = [place for place, text in enumerate(texts) if text.startswith(QUESTION)]
    told = [place for place, text in enumerate(texts) if not text.startswith(QUESTION)]
    return told, asked


def typed_body(
    form: Form, model: str, texts: Sequence[str], *, asking: bool, dimension: int | None
) -> dict[str, Any]:
    """Build a request. Texts that are too long are to be refused rather than cut.

    Args:
        form: the form.
        model: the model's name.
        texts: either texts to be found or questions; one for Titan.
        asking: whether they are questions.
        dimension: the length of the vectors to request, if the model has a choice.
    """
    plain = [text.removeprefix(QUESTION) for text in texts]
    if form == "titan":
        (text,) = plain
        # The first version has no choice, and refuses other fields.
        chosen: dict[str, Any] = {} if "-v1" in model else {"normalize": True}
        if dimension is not None and "-v1" not in model:
            chosen["dimensions"] = dimension
        return {"inputText": text, **chosen}
    kind = _TYPES[form][asking]
    if form == "voyage":
        body: dict[str, Any] = {"model": model, "input": plain, "input_type": kind, "truncation": False}
        return body if dimension is None else {**body, "output_dimension": dimension}
    if form == "vertex":
        parameters: dict[str, Any] = {"autoTruncate": False}
        if dimension is not None:
            parameters["outputDimensionality"] = dimension
        return {
            "instances": [{"content": text, "task_type": kind} for text in plain],
            "parameters": parameters,
        }
    body = {"texts": plain, "input_type": kind, "embedding_types": ["float"], "truncate": "NONE"}
    if form == "cohere":
        body["model"] = model
    # Of Cohere's models, those before the fourth version have one length.
    if dimension is not None and "embed-v4" in model:
        body["output_dimension"] = dimension
    return body


def read_typed(form: Form, provider: str, reply: Any, expected: int) -> npt.NDArray[np.float32]:
    """Read the vectors of a reply.

    Args:
        form: the form.
        provider: the provider's name, for errors.
        reply: the parsed reply.
        expected: the number of texts in the request.

    Returns:
        Vectors of shape (expected, dimension), in the order of the texts.

    Raises:
        ProviderError: vectors are missing, differ in length, or hold something else than finite numbers.
    """
    if form == "voyage":
        return read_embeddings(provider, reply, expected)
    rows = _rows(form, reply if isinstance(reply, dict) else {})
    if not isinstance(rows, list):
        raise ProviderError(f"{provider} sent a reply without embeddings", provider=provider, reason=UNUSABLE)
    if len(rows) != expected:
        raise ProviderError(
            f"{provider} sent embeddings that do not match the {expected} texts",
            provider=provider,
            reason=UNUSABLE,
        )
    return as_vectors(provider, rows)


def _rows(form: Form, reply: Mapping[str, Any]) -> object:
    if form == "titan":
        return [reply["embedding"]] if isinstance(reply.get("embedding"), list) else None
    if form == "vertex":
        found = reply.get("predictions")
        return [_values(each) for each in found] if isinstance(found, list) else None
    found = reply.get("embeddings")
    # By type, since a type is asked for; Bedrock also answers without types.
    return found.get("float") if isinstance(found, dict) else found


def _values(prediction: Any) -> object:
    inner = prediction.get("embeddings") if isinstance(prediction, dict) else None
    return inner.get("values") if isinstance(inner, dict) else None
