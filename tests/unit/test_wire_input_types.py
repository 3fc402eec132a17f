"""Requests and replies of embedding APIs that tell questions from other texts, and signatures for AWS."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from powermem._core.embedding.traits import QUESTION, traits_of
from powermem._core.wire.input_types import (
    Form,
    endpoint_path,
    form_of,
    most_texts,
    read_typed,
    typed,
    typed_body,
)
from powermem._core.wire.sigv4 import AwsCredentials, signed_headers
from powermem.errors import ProviderError

COHERE = {"embedding_types": ["float"], "truncate": "NONE"}


def test_questions_are_told_apart() -> None:
    assert typed(["a", f"{QUESTION}b", "c"]) == ([0, 2], [1])


@pytest.mark.parametrize(
    ("form", "model", "asking", "dimension", "wanted"),
    [
        ("voyage", "voyage-3.5", False, None,
         {"model": "voyage-3.5", "input": ["a"], "input_type": "document", "truncation": False}),
        ("voyage", "voyage-3.5", True, 512,
         {"model": "voyage-3.5", "input": ["a"], "input_type": "query", "truncation": False,
          "output_dimension": 512}),
        ("cohere", "embed-v4.0", True, 256,
         {"model": "embed-v4.0", "texts": ["a"], "input_type": "search_query", "output_dimension": 256,
          **COHERE}),
        ("cohere", "embed-english-v3.0", False, 1024,
         {"model": "embed-english-v3.0", "texts": ["a"], "input_type": "search_document", **COHERE}),
        ("bedrock_cohere", "cohere.embed-multilingual-v3", True, 1024,
         {"texts": ["a"], "input_type": "search_query", **COHERE}),
        ("titan", "amazon.titan-embed-text-v2:0", True, 256,
         {"inputText": "a", "normalize": True, "dimensions": 256}),
        ("titan", "amazon.titan-embed-text-v1", False, 1536, {"inputText": "a"}),
        ("vertex", "text-embedding-005", True, None,
         {"instances": [{"content": "a", "task_type": "RETRIEVAL_QUERY"}],
          "parameters": {"autoTruncate": False}}),
        ("vertex", "gemini-embedding-001", False, 768,
         {"instances": [{"content": "a", "task_type": "RETRIEVAL_DOCUMENT"}],
          "parameters": {"autoTruncate": False, "outputDimensionality": 768}}),
    ],
)  # fmt: skip
def test_a_request(
    form: Form, model: str, asking: bool, dimension: int | None, wanted: dict[str, Any]
) -> None:
    text = f"{QUESTION}a" if asking else "a"
    assert typed_body(form, model, [text], asking=asking, dimension=dimension) == wanted


REPLIES: dict[Form, dict[str, Any]] = {
    "voyage": {"data": [{"index": 1, "embedding": [3, 4]}, {"index": 0, "embedding": [1, 2]}]},
    "cohere": {"embeddings": {"float": [[1, 2], [3, 4]]}},
    "bedrock_cohere": {"embeddings": [[1, 2], [3, 4]]},
    "vertex": {"predictions": [{"embeddings": {"values": [1, 2]}}, {"embeddings": {"values": [3, 4]}}]},
}


@pytest.mark.parametrize(("form", "reply"), REPLIES.items())
def test_a_reply(form: Form, reply: dict[str, Any]) -> None:
    assert read_typed(form, "p", reply, 2).tolist() == [[1, 2], [3, 4]]
    with pytest.raises(ProviderError, match="do not match"):
        read_typed(form, "p", reply, 3)


def test_a_reply_of_titan() -> None:
    assert read_typed("titan", "p", {"embedding": [1, 2], "inputTextTokenCount": 1}, 1).tolist() == [[1, 2]]


@pytest.mark.parametrize("form", ["voyage", "cohere", "bedrock_cohere", "titan", "vertex"])
@pytest.mark.parametrize(
    "reply",
    [
        None, [], "text", {}, {"embeddings": None}, {"embeddings": {"int8": [[1]]}}, {"embedding": "x"},
        {"predictions": [{}]}, {"predictions": [{"embeddings": {"values": [1, None]}}]},
        {"embeddings": {"float": [["a"]]}}, {"embedding": [float("nan")]}, {"data": [None]},
    ],
)  # fmt: skip
def test_what_holds_no_vectors(form: Form, reply: Any) -> None:
    with pytest.raises(ProviderError):
        read_typed(form, "p", reply, 1)


@pytest.mark.parametrize(
    ("protocol", "model", "form", "path", "most", "asked"),
    [
        ("voyage", "voyage-3.5", "voyage", "embeddings", 96, True),
        ("cohere", "embed-v4.0", "cohere", "embed", 96, True),
        ("bedrock", "amazon.titan-embed-text-v2:0", "titan",
         "model/amazon.titan-embed-text-v2%3A0/invoke", 1, False),
        ("bedrock", "us.cohere.embed-v4:0", "bedrock_cohere",
         "model/us.cohere.embed-v4%3A0/invoke", 96, True),
        ("vertex", "gemini-embedding-001", "vertex",
         "v1/projects/p/locations/l/publishers/google/models/gemini-embedding-001:predict", 1, True),
        ("vertex", "text-embedding-005", "vertex",
         "v1/projects/p/locations/l/publishers/google/models/text-embedding-005:predict", 96, True),
    ],
)  # fmt: skip
def test_what_a_model_is_asked_by(
    protocol: str, model: str, form: Form, path: str, most: int, asked: bool
) -> None:
    assert form_of(protocol, model) == form
    assert endpoint_path(form, model, project="p", location="l") == path
    assert most_texts(protocol, model, 96) == most
    provider = {"bedrock": "aws_bedrock", "vertex": "vertexai"}.get(protocol, protocol)
    assert (traits_of(provider, model).query == QUESTION) == asked
    assert traits_of(provider, model).passage == ""


def test_the_example_of_the_signature_version_4_test_suite() -> None:
    # "get-vanilla" of https://docs.aws.amazon.com/general/latest/gr/signature-v4-test-suite.html
    signed = signed_headers(
        AwsCredentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
        region="us-east-1", service="service", host="example.amazonaws.com", target="/", body=b"",
        moment=datetime(2015, 8, 30, 12, 36, tzinfo=timezone.utc), method="GET",
    )  # fmt: skip
    assert signed == {
        "x-amz-date": "20150830T123600Z",
        "authorization": (
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
            "SignedHeaders=host;x-amz-date, "
            "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
        ),
    }


@pytest.mark.parametrize("token", [None, "a session token"])
@pytest.mark.parametrize(
    "target", ["/model/amazon.titan-embed-text-v2%3A0/invoke", "/model/x/invoke?b=2&a=1", "/"]
)
def test_botocore_signs_the_same(target: str, token: str | None) -> None:
    auth = pytest.importorskip("botocore.auth")
    requests = pytest.importorskip("botocore.awsrequest")
    credentials = pytest.importorskip("botocore.credentials").Credentials("AKID", "secret/key", token)
    request = requests.AWSRequest("POST", f"https://h.example:8443{target}", data=b'{"a": 1}')
    auth.SigV4Auth(credentials, "bedrock", "eu-west-1").add_auth(request)
    moment = datetime.strptime(request.headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
    signed = signed_headers(
        AwsCredentials("AKID", "secret/key", token),
        region="eu-west-1", service="bedrock", host="h.example:8443", target=target, body=b'{"a": 1}',
        moment=moment,
    )  # fmt: skip
    assert signed["authorization"] == request.headers["Authorization"]
    assert signed.get("x-amz-security-token") == request.headers.get("X-Amz-Security-Token")
