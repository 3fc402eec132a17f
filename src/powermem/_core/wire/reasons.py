"""Classify a provider's refusal by its status and message."""

from __future__ import annotations

import re

TOO_LONG = "too_long"
QUOTA = "quota"
FILTERED = "filtered"
CUT = "cut"
UNUSABLE = "unusable"

# Statuses that never mean a text is too long. Any other may, such as 500 (Ollama, llama.cpp), and so may an
# error without one, from an object in this process.
_ELSEWHERE = frozenset({401, 404, 405, 407, 408, 429})
# Request timeout, conflict, rate limit. Every 5xx is retried too, including Anthropic's 529 "overloaded".
_PASSING = frozenset({408, 409, 429})
# Seconds. A wait up to this long means a rate limit, not a used-up quota.
_SOON = 60.0


def _any(*patterns: str) -> str:
    # Not compiled here: every process imports this module, and few need the patterns.
    return "|".join(patterns)


_QUOTA = _any(
    r"insufficient[_ ](quota|balance|credit|fund)",
    r"billing[_ ]hard[_ ]limit",
    r"(exceeded|used up) your (current |monthly )?quota",
    r"exceeded[_ ]current[_ ]quota",
    r"(balance|credits?|funds) (is |are |was )?(too low|insufficient|not enough|exhausted|depleted)",
    r"used all (of )?(its |your |the )?(available )?credits",
    r"spending limit (was |has been )?(reached|exceeded)",
    r"reached (its|your) (monthly )?spending limit",
    r"billing[_ ](not[_ ]active|details)|billing is not (active|enabled)",
    r"(out of|no|any|not enough|insufficient) credits?\b",
    r"payment required",
    r"arrearage",
    r"monthly included credits",
    r"quota (is |has been )?(exhausted|used up|exceeded)",
    r"resource_exhausted",
    r"余额不足",
    r"欠费",
)
_DAILY = _any(
    r"per[_ ]?(day|month)\b",
    r"per(day|month)",
    r"\b(tpd|rpd)\b",
    r"(daily|monthly) (limit|quota)",
    r"/ ?month",
)
# Google uses the message of a used-up quota for per-minute limits too.
_MINUTE = _any(r"per[_ ]?(minute|second)", r"\b(tpm|rpm)\b")

_WHAT = r"\b(prompt|inputs?|request|texts?|messages?|query|sequence|document|string|conversation)\b"
_TOO_LONG = _any(
    r"context[_ -]?(length|window|size|limit)",
    r"max(imum)? (context|model|prompt|input|sequence|model context)[ _]length",
    r"too many (input )?tokens",
    r"(input|prompt)[_ ]too[_ ]long",
    r"request[_ ]too[_ ]large",
    r"max_tokens_per_request",
    r"string_above_max_length",
    r"tokens? limit",
    r"range of input length",
    r"requested \d+ tokens",
    r"payload size exceeds",
    r"(entity|payload|content) too large",
    r"split into more batches",
    r"reduce (the|your) (length|prompt|input|message)",
    r"must match the size of tensor",
    _WHAT + r"[^.\n]{0,60}?(too (long|large|big)|longer than|shorter than|exceed)",
    _WHAT
    + r"[^\n]{0,40}?tokens?\b[^\n]{0,60}?(exceed|must be <|less than|fewer than|at most|larger|greater)",
    r"\binputs?\b.{0,12}must have less than",
    r"exceed\w*[^.\n]{0,60}?\b(tokens|token count|context|max\w* length)",
    r"tokens?\b[^.\n]{0,60}?\bexceed",
    r"expected maxlength",
    r"number of tokens to keep",
    r"first \d+ tokens when context",
    r"[超过]长",
    r"长度超",
    r"超[出过].{0,12}(长度|限制)",
)
# About a setting of the request, which a shorter text does not fix.
_ABOUT_ANSWER_LIMIT = _any(
    r"at most \d+ (completion|output) tokens",
    r"max_(completion_|output_|new_)?tokens\W{1,3}(is |was )?too (large|big)",
    r"max_(completion_|output_)?tokens\W{1,3}(must be (at|less|<|between|positive)|cannot)",
    r"max_(completion_|output_)?tokens\W{1,4}exceeds?\b(?! context)",
    r"max_tokens: \d+ >",
)
_FILTERED = _any(
    r"content[_ ](filter|policy|management policy)",
    r"responsibleai",
    r"data[_ ]?inspection[_ ]?failed",
    r"safety (system|filter|settings)",
    r"prohibited_content",
    r"blocked by .{0,30}(safety|policy)",
    r"flagged (as|by|for)",
    r"inappropriate content",
)
# Other limits that a request can exceed.
_ABOUT_TIME = _any(
    r"time(d)?[ -]?out",
    r"deadline",
    r"time limit",
    r"rate[ -]?limit",
    r"(rate|requests?) (was |were |has been |have been )?(exceeded|limited)\W*$",
    r"exceed\w* [^.\n]{0,30}\b(time|rate|seconds|requests)\b",
)
# The server checked the model's answer against the schema and rejected it; another attempt may succeed.
_BAD_ANSWER = _any(
    r"json_validate_failed",
    r"failed_generation",
    r"tool_use_failed",
    r"max completion tokens reached",
    r"fail(ed|ure) to (generate|validate) (json|a valid|an? answer|the schema)",
    r"(could not|unable to) generate (valid )?json",
    r"generated json does not match",
)


def is_passing(status: int) -> bool:
    """Tell whether a request with this HTTP status may succeed on a retry."""
    return status in _PASSING or status >= 500


def reason_for(status: int | None, said: str, wait: float | None = None) -> str:
    """Return the reason of a refusal, or ``""`` if it is unknown.

    Args:
        status: the HTTP status, ``None`` without one.
        said: the provider's whole message.
        wait: seconds that it asks to wait.
    """
    text = said.lower()
    if status == 402 or (status not in (401, 408) and _is_out_of_quota(text, wait)):
        return QUOTA
    if status == 413:
        return TOO_LONG
    if status == 429:
        # One request exceeds the limit of a minute, so waiting does not help.
        return TOO_LONG if "request too large" in text else ""
    if status in _ELSEWHERE:
        return ""
    if status in (400, 422) and re.search(_BAD_ANSWER, text):
        return CUT
    if re.search(_TOO_LONG, text) and not (
        re.search(_ABOUT_ANSWER_LIMIT, text) or re.search(_ABOUT_TIME, text)
    ):
        return TOO_LONG
    return FILTERED if status in (400, 403, 422, None) and re.search(_FILTERED, text) else ""


def _is_out_of_quota(text: str, wait: float | None) -> bool:
    daily = re.search(_DAILY, text) is not None
    if re.search(_QUOTA, text):
        soon = wait is not None and wait <= _SOON and "quota" not in text
        return daily or not (soon or re.search(_MINUTE, text))
    return daily and "limit" in text and not (wait is not None and wait <= _SOON)
