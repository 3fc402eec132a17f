"""Every error that powermem raises on purpose.

PowerMemError
├── ConfigError
├── InvalidInputError (also a ValueError)
│   └── FilterError
├── NotFoundError
├── ClosedError
├── StoreError
│   ├── StoreUnavailableError
│   └── EmbeddingMismatchError
├── ProviderError
│   ├── RateLimitError
│   ├── ProviderTimeoutError
│   ├── AuthenticationError
│   └── ExtractionError
├── QuotaExceededError
└── ProcessTimeout (also a TimeoutError)
"""

from __future__ import annotations

from typing import Any, ClassVar

from .masking import mask_text

__all__ = [
    "AuthenticationError",
    "ClosedError",
    "ConfigError",
    "EmbeddingMismatchError",
    "ExtractionError",
    "FilterError",
    "InvalidInputError",
    "NotFoundError",
    "PowerMemError",
    "ProcessTimeout",
    "ProviderError",
    "ProviderTimeoutError",
    "QuotaExceededError",
    "RateLimitError",
    "StoreError",
    "StoreUnavailableError",
]


# Longer than what a configuration with many mistakes says of them.
_LONGEST = 20_000


def _readable(text: str) -> str:
    text = mask_text(text if len(text) <= _LONGEST else text[:_LONGEST] + "...")
    # What cannot be written as UTF-8 would fail in the terminal or the log that shows it.
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


class PowerMemError(Exception):
    """Base of every error of this library; what looks like a key or a password is masked in its text."""

    _public: ClassVar[type[PowerMemError] | None] = None

    def __init__(self, *args: object) -> None:
        super().__init__(*(_readable(part) if isinstance(part, str) else part for part in args))

    def __reduce__(self) -> Any:
        return super().__reduce__() if self._public is None else (self._public, self.args)

    def __init_subclass__(cls, public: type[PowerMemError] | None = None) -> None:
        """Let a class that only this library tells apart appear, pickled too, as the one that users know."""
        super().__init_subclass__()
        if public is not None:
            cls.__module__, cls.__name__, cls.__qualname__ = __name__, public.__name__, public.__name__
            cls._public = public


class ConfigError(PowerMemError):
    """The configuration is wrong; the message names the path of the key."""


class InvalidInputError(PowerMemError, ValueError):
    """An argument of a call is wrong; nothing was stored."""


class FilterError(InvalidInputError):
    """A filter uses an unknown operator or a value of the wrong type."""


class NotFoundError(PowerMemError):
    """The thing asked for does not exist, or belongs to someone else."""


class ClosedError(PowerMemError):
    """The memory was closed before the call, or is used where it cannot be."""


class StoreError(PowerMemError):
    """The store refused or failed; the transaction was rolled back."""


class StoreUnavailableError(StoreError):
    """The store cannot be reached or opened at the moment."""


class EmbeddingMismatchError(StoreError):
    """The store holds vectors of another embedding model."""


class ProviderError(PowerMemError):
    """A model provider refused or failed.

    Attributes:
        provider: the provider's configured name, such as ``"openai"``.
        status: the HTTP status, or ``None`` when there was no reply.
        reason: what kind of failure it is, where that is known: ``"too_long"`` for more than the model's
            window takes, ``"quota"`` for an account without credit, ``"filtered"`` for a refusal because of
            what is said, ``"cut"`` for an answer that lacks its end, ``"unusable"`` for vectors that do not
            match the texts; else ``""``.
    """

    def __init__(
        self, message: str, *, provider: str = "", status: int | None = None, reason: str = ""
    ) -> None:
        super().__init__(message)
        self.provider = provider
        self.status = status
        self.reason = reason


class RateLimitError(ProviderError):
    """The provider kept answering 429 until the retries were used up."""


class ProviderTimeoutError(ProviderError):
    """The provider did not answer in time."""


class AuthenticationError(ProviderError):
    """The provider refused the credentials."""


class ExtractionError(ProviderError):
    """The model's answer could not be read as facts or decisions.

    The source turns stay in the store and can be processed again.
    """


class QuotaExceededError(PowerMemError):
    """A configured budget is used up, or has too little left; the model was not asked.

    Attributes:
        budget: the path of the setting, such as ``"budget.llm_calls_per_day"``.
        limit: what it allows on a day.
        used: how much of it was used when this was asked.
        free_at: when it is free again; ISO-8601 in UTC.
    """

    def __init__(
        self, message: str, *, budget: str = "", limit: int = 0, used: int = 0, free_at: str = ""
    ) -> None:
        super().__init__(message)
        self.budget = budget
        self.limit = limit
        self.used = used
        self.free_at = free_at


class ProcessTimeout(PowerMemError, TimeoutError):
    """Waiting took longer than allowed; the work itself goes on."""
