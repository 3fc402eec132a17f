"""Find secrets in a text by their form, in time linear in its length, and mask them."""

from __future__ import annotations

import re

from .patterns import Pattern

MASK = "**********"

_EXAMPLE = "user:password"
"""The placeholder in examples, which is not masked."""

_SHOWN = 60
_LARGEST = (1 << 64) - 1

_SECRET_NAME = Pattern(
    r"api_?key|access_key|private_key|encryption_key|passw|pwd|secret|credential|auth(?!or)|header"
    r"|token(?!s$|izer)|connection_string",
    re.IGNORECASE,
)
_PEM = Pattern(r"-----BEGIN [A-Z0-9 ]{1,40}-----.*?(?:-----END [A-Z0-9 ]{1,40}-----|\Z)", re.DOTALL)
# Linear time: each repetition is bounded, or ends at a character at which no other match can begin.
_QUOTED = Pattern(r"""(["'])([\w.\-]{1,64})\1(\s{0,8}:\s{0,8})(["'])((?:(?!\4)[^\\]|\\.)*)(\4?)""", re.DOTALL)
_WORD = Pattern(r"\S+")
_SCHEME = Pattern(r"[A-Za-z][A-Za-z0-9+.\-]{0,30}://")
_ASSIGNED = Pattern(
    r"(?i)\b(password|passwd|pwd|api_?key|x-api-key|access_token|auth_token|token|secret)=[^\s&;\"']+"
)
_BEARER = Pattern(r"(?i)\b(bearer )[\w.~+/=-]{12,}")
_PREFIXED = Pattern(
    r"(?<![A-Za-z0-9])(?:"
    r"sk[-_][\w\-]{6,}|(?:pk|rk|xai|csk|nvapi|pplx|tgp)[-_][\w\-]{12,}|(?:gsk|hf|fw|r8|jina)_\w{12,}"
    r"|AIza[\w\-]{16,}|ya29\.[\w\-]{8,}|eyJ[\w\-]{8,}[\w\-.]*"
    r"|gh[pousr]_\w{12,}|github_pat_\w{12,}|glpat-[\w\-]{12,}|xox[a-z]-[\w\-]{8,}|(?:AKIA|ASIA)[A-Z0-9]{12,}"
    r")"
)
# Generated keys mix letters and digits; words, model names, dates and decimal ids do not, or are shorter.
_LONG = Pattern(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{40}(?![A-Za-z0-9+/])|[A-Za-z0-9]{20,}={0,2}")


# A password typed in place of a name: no name mixes lower case, upper case, digits and special characters.
_PASSWORD = Pattern(r"(?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])(?=[^0-9]*[0-9])(?=[^!$%^&*#?~]*[!$%^&*#?~])\S{8,64}")


def is_secret(name: str) -> bool:
    """Return whether a key of this name holds a secret value."""
    return _SECRET_NAME.search(name) is not None


def mask_text(text: str) -> str:
    """Replace secrets in a text by asterisks.

    Masks passwords in URLs, PEM keys, values of secret names in JSON or assignments, and keys of well-known
    forms. Ordinary words, identifiers and model names stay readable.
    """
    if "-----BEGIN" in text:
        text = _PEM.sub(MASK, text)
    text = _QUOTED.sub(_mask_quoted, text)
    if "@" in text:
        text = _WORD.sub(_mask_userinfo, text)
    if "=" in text:
        text = _ASSIGNED.sub(rf"\1={MASK}", text)
    return mask_keys(text)


def mask_keys(text: str) -> str:
    """Replace only keys and tokens, in a text that is shown to its author."""
    text = _BEARER.sub(rf"\1{MASK}", text)
    text = _PREFIXED.sub(MASK, text)
    return _LONG.sub(_mask_long, text)


def is_key(text: str) -> bool:
    """Return whether a text contains something that looks like a key, a token or a password."""
    return mask_text(text) != text


def shown(value: object) -> str:
    """Return a value as error messages show it: short and without secrets. Never raises."""
    if value is None or isinstance(value, (bool, float)):
        return repr(value)
    if isinstance(value, str):
        # Truncated after masking, since half a key may not be recognized.
        text = mask_text(str.__str__(value)[:1000])
        text = MASK if _PASSWORD.fullmatch(text) else text
        return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "...")
    # Python refuses to convert integers of more than 4,300 digits.
    if isinstance(value, int):
        return int.__repr__(value) if abs(value) <= _LARGEST else "an integer beyond 64 bits"
    return f"a value of type {type(value).__name__}"


def _mask_quoted(match: re.Match[str]) -> str:
    quote, name, between, opening, value, closing = match.groups()
    shown = MASK if value and is_secret(name) else value
    return f"{quote}{name}{quote}{between}{opening}{shown}{closing}"


def _mask_userinfo(match: re.Match[str]) -> str:
    word = match.group()
    at = word.rfind("@")
    head = word[:at] if at >= 0 else ""
    scheme = _SCHEME.match(head)
    if head[0 if scheme is None else scheme.end() :] == _EXAMPLE:
        return word
    if scheme is not None:
        return f"{scheme.group()}{MASK}{word[at:]}" if len(head) > scheme.end() else word
    return f"{MASK}{word[at:]}" if ":" in head else word


def _mask_long(match: re.Match[str]) -> str:
    text = match.group()
    digits = sum(char.isdigit() for char in text)
    letters = sum(char.isalpha() for char in text)
    # A secret access key of AWS has 40 characters, slash and plus included, and may have a single digit.
    enough = 1 if len(text) == 40 and text.upper() != text != text.lower() else 2
    return MASK if digits >= enough and letters >= 2 else text
