"""Why a provider refused, in the words of many of them."""

from __future__ import annotations

import json

import pytest

from powermem._core.tasks.task import is_hopeless
from powermem._core.wire import failure
from powermem._core.wire.ability import Abilities, Retrial, Structure
from powermem._core.wire.endpoint import build_endpoint
from powermem._core.wire.foreign import foreign_error
from powermem._core.wire.reasons import FILTERED, QUOTA, TOO_LONG
from powermem.errors import AuthenticationError, ProviderError, RateLimitError

ENDPOINT = build_endpoint("openai", "https://api.example/v1")


def refused(status: int, message: str, headers: tuple = (), **more: object) -> failure.Failure:
    body = json.dumps({"error": {"message": message, **more}}, ensure_ascii=False).encode()
    return failure.refused(ENDPOINT, status, headers, body)


TOO_LONG_WORDS = [
    (400, "This model's maximum context length is 8192 tokens, however you requested 9001 tokens (9001 in "
     "your prompt; 0 for the completion). Please reduce your prompt; or completion length."),
    (400, "Your input exceeds the context window of this model. Please adjust your input and try again."),
    (400, "Requested 350000 tokens, max 300000 tokens per request"),
    (400, "prompt is too long: 210000 tokens > 200000 maximum"),
    (400, "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000"),
    (413, "Request exceeds the maximum size"),
    (400, "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."),
    (400, "Request payload size exceeds the limit: 20971520 bytes."),
    (400, "Input is too long for requested model."),
    (400, "Too many input tokens. Max input tokens: 8192, request input token count: 9000"),
    (400, "Malformed input request: expected maxLength: 50000, actual: 60000, please reformat your input"),
    (400, "The decoder prompt (length 5000) is longer than the maximum model length of 4096."),
    (422, "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000"),
    (422, "Input validation error: `inputs` must have less than 512 tokens. Given: 600"),
    (400, "the request exceeds the available context size, try increasing it"),
    (500, "input (600 tokens) is too large to process. increase the physical batch size"),
    (500, "the input length exceeds the context length"),
    (400, "Prompt contains 40000 tokens, too large for model with 32768 maximum context length"),
    (400, "Too many tokens in batch. Max is 16384 got 20000"),
    (400, "Too many tokens overall, split into more batches."),
    (400, "too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 9000."),
    (400, "This model's maximum prompt length is 131072 but the request contains 140000 tokens."),
    (400, "<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 30720]"),
    (400, "Invalid request: Your request exceeded model token limit: 8192"),
    (413, "input must have less than 8192 tokens"),
    (400, "Prompt 超长"),
    (400, "invalid params, context window exceeds limit (2013)"),
    (400, "Input text exceeds maximum length of 8194"),
    (400, "The prompt is too long: 9000, model maximum context length: 8191"),
    (400, "Trying to keep the first 5000 tokens when context the overflows. However, the model is loaded "
     "with context length of only 4096 tokens"),
    (500, "The size of tensor a (600) must match the size of tensor b (512) at non-singleton dimension 1"),
    (429, "Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 41000."),
]  # fmt: skip


@pytest.mark.parametrize(("status", "message"), TOO_LONG_WORDS)
def test_what_is_too_long_is_known_whatever_the_words(status, message):
    found = refused(status, message)

    assert (found.reason, found.passing, found.kind) == (TOO_LONG, False, ProviderError)
    assert is_hopeless(found.error())
    assert foreign_error("langchain", ValueError(message)).reason == TOO_LONG or status in (413, 429)


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (
            429,
            "Rate limit reached for gpt-4o on tokens per min (TPM): Limit 30000, Used 29000, Requested 2000.",
        ),
        (429, "Too many requests"),
        (400, "max_tokens is too large: 100000. This model supports at most 16384 completion tokens"),
        (400, "max_tokens: 100000 > 8192, which is the maximum allowed number of output tokens"),
        (400, "Invalid 'max_tokens': exceeds the token limit of the model"),
        (500, "The request exceeded the time limit"),
        (503, "Request rate exceeded"),
        (504, "upstream request timeout: limit exceeded"),
        (500, "Deadline exceeded for this request"),
        (400, "temperature must be between 0 and 2"),
        (400, "you must provide a model parameter"),
        (401, "Incorrect API key provided; the request was too long ago"),
        (404, "The model does not exist"),
        (500, "The server had an error while processing your request"),
        (503, "The engine is currently overloaded, please try again later"),
    ],
)
def test_other_refusals_are_not_about_length(status, message):
    assert refused(status, message).reason == ""


def test_a_limit_of_the_answer_that_is_set_too_high_is_no_long_text():
    found = refused(400, "max tokens limit: the request is too large", param="max_tokens")
    assert found.reason == ""


NO_MONEY_WORDS = [
    (429, "You exceeded your current quota, please check your plan and billing.", "insufficient_quota"),
    (429, "Billing hard limit has been reached", "billing_hard_limit_reached"),
    (400, "Billing hard limit has been reached", "billing_hard_limit_reached"),
    (402, "Insufficient Balance", ""),
    (402, "This request requires more credits, or fewer max_tokens.", ""),
    (400, "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing.", ""),
    (403, "Your newly created team doesn't have any credits yet.", ""),
    (429, "Quota exceeded for metric free_tier_requests, quotaId: GenerateRequestsPerDayPerProject",
     "resource_exhausted"),
    (429, "Your account org-x is suspended, please check your plan: exceeded_current_quota_error", ""),
    (429, "余额不足或无可用资源包,请充值。", "1113"),
    (403, "Sorry, your account balance is insufficient", "30001"),
    (403, "Your team has either used all available credits or reached its monthly spending limit.", ""),
    (429, "Your account is not active, please check your billing details", "billing_not_active"),
    (429, "Your prepayment credits are depleted.", ""),
    (429, "Rate limit reached for model x on tokens per day (TPD): Limit 100000, Used 99999", ""),
]  # fmt: skip


@pytest.mark.parametrize(("status", "message", "code"), NO_MONEY_WORDS)
def test_an_empty_account_is_told_as_that(status, message, code):
    found = refused(status, message, code=code)

    assert (found.reason, found.passing, found.kind) == (QUOTA, False, ProviderError)
    assert "no quota or credit left" in found.summary
    assert "slow down" not in found.summary
    assert is_hopeless(found.error())


@pytest.mark.parametrize(
    ("message", "headers"),
    [
        ("Rate limit reached for requests", ()),
        (
            "You exceeded your current quota. Quota exceeded for quotaId: RequestsPerMinutePerProject",
            (),
        ),
        ("Rate limit reached on requests per day (RPD)", ((b"retry-after", b"20"),)),
    ],
)
def test_a_limit_that_passes_soon_is_waited_for(message, headers):
    found = refused(429, message, headers)

    assert (found.reason, found.passing, found.kind) == ("", True, RateLimitError)


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (
            400,
            "The response was filtered due to the prompt triggering the content management policy.",
        ),
        (400, "<400> InternalError.Algo.DataInspectionFailed: Input data may contain inappropriate content."),
        (400, "Your request was rejected as a result of our safety system."),
    ],
)
def test_a_refusal_because_of_what_is_said_is_known(status, message):
    assert refused(status, message).reason == FILTERED


def test_a_wrong_key_stays_one():
    assert refused(401, "check your plan and billing, insufficient_quota").kind is AuthenticationError


SENT = ("model", "messages", "response_format", "temperature", "dimensions")


@pytest.mark.parametrize(
    ("message", "more"),
    [
        ("Failed to generate JSON. Please adjust your prompt.", {"code": "json_validate_failed"}),
        ("Generated JSON does not match the expected schema; see failed_generation.", {}),
        ("We could not parse the JSON body of your request.", {}),
        ("Invalid value in json at messages[3].content", {"param": "messages[3].content"}),
        ("response_format is not supported", {"param": "messages"}),
        ("This model's maximum context length is 512 tokens; shorten the response_format schema", {}),
        ("The response_format answer was stopped by the content_filter", {}),
        ("You exceeded your current quota: insufficient_quota. response_format is not supported", {}),
        ("The model `json-schema-7b` is not available", {"param": "model"}),
        ("max_tokens is too large for json", {"param": "max_tokens"}),
        ("this JSON is unsupported", {}),
        ("The answer must be JSON that follows the json_schema", {}),
        ("Unsupported parameter: 'logit_bias'", {"param": "logit_bias"}),
    ],
)
def test_only_a_refusal_of_the_structure_itself_lowers_it(message, more):
    assert Abilities().after(refused(400, message, **more), SENT) is None


@pytest.mark.parametrize(
    ("message", "more"),
    [
        (
            "Invalid parameter: 'response_format' of type 'json_schema' is not supported",
            {"param": "response_format"},
        ),
        ("not here", {"param": "response_format.json_schema"}),
        ("response_format.type: Input should be 'text' or 'json_object': unexpected value", {}),
        ("guided_json is not supported by this backend", {}),
        ("This model does not support structured outputs", {}),
        ("Extra inputs are not permitted: response_format", {}),
        ("'response_format.type' must be 'json_schema' or 'text'", {}),
        ("The value of response_format.type must be one of text, json_object", {}),
        ("response_format: expected one of 'text', 'json_object'", {}),
        ("response_format should be text", {}),
    ],
)
def test_a_refusal_of_the_structure_lowers_it(message, more):
    assert Abilities().after(refused(400, message, **more), SENT) == Abilities(Structure.OBJECT)


def test_what_was_given_up_is_tried_again_ever_more_seldom():
    retrial = Retrial(after=3, most=10)
    assert not any(retrial.is_due() for _ in range(9))
    waits = []
    for _ in range(4):
        retrial.give_up()
        # Others that were under way are refused as well.
        retrial.give_up()
        waits.append(next(number for number in range(1, 99) if retrial.is_due()))
    assert waits == [3, 6, 10, 10]
    assert not retrial.is_due()
