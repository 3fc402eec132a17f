"""The exceptions of powermem.

PowerMemError
├── ConfigError
├── InvalidInputError (also a ValueError)
│   ├── FilterError
│   └── UnsupportedLLMProviderError
├── NotFoundError
├── ClosedError
├── StoreError
│   ├── StoreUnavailableError
│   ├── EmbeddingMismatchError
│   └── UserMovedError
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

from ._core.masking import mask_text

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
    "UnsupportedLLMProviderError",
    "UserMovedError",
]


# Characters. Longer than the error of a configuration with many mistakes.
_LONGEST = 20_000


def _readable(text: str) -> str:
    text = mask_text(text if len(text) <= _LONGEST else text[:_LONGEST] + "...")
    # A lone surrogate would make printing or logging the error fail.
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


class PowerMemError(Exception):
    """Base of all exceptions of this library. Anything that looks like a key or password is masked."""

    _public: ClassVar[type[PowerMemError] | None] = None

    def __init__(self, *args: object) -> None:
        super().__init__(*(_readable(part) if isinstance(part, str) else part for part in args))

    def __reduce__(self) -> Any:
        return super().__reduce__() if self._public is None else (self._public, self.args)

    def __init_subclass__(cls, public: type[PowerMemError] | None = None) -> None:
        """Make an internal subclass appear, and pickle, as the public class ``public``."""
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


class UnsupportedLLMProviderError(InvalidInputError):
    """A client is of a kind that cannot be registered; the message names what to use."""


class NotFoundError(PowerMemError):
    """The requested object does not exist, or belongs to another user."""


class ClosedError(PowerMemError):
    """The memory is closed, or was used in another event loop or process than its own."""


class StoreError(PowerMemError):
    """The store refused an operation or failed; the transaction was rolled back."""


class StoreUnavailableError(StoreError):
    """The store cannot be reached or opened."""


class EmbeddingMismatchError(StoreError):
    """The store holds vectors of another embedding model."""


class UserMovedError(StoreError):
    """The user was moved to another store by ``move_user``, or is on the way; nothing was written or found.

    Attributes:
        place: the other store: its database and collection.
        moving: whether the move is not over yet, so that the same call may succeed in a moment: there, or
            here if the user is on the way to this store.
    """

    def __init__(self, message: str, *, place: str = "", moving: bool = False) -> None:
        super().__init__(message)
        self.place = place
        self.moving = moving


class ProviderError(PowerMemError):
    """A model provider refused or failed.

    Attributes:
        provider: the provider's configured name, such as ``"openai"``.
        status: the HTTP status, or ``None`` without a reply.
        reason: the kind of failure if known: ``"too_long"`` for input beyond the model's window, ``"quota"``
            for an account without credit, ``"filtered"`` for content that the provider rejects, ``"cut"`` for
            an incomplete answer, ``"unusable"`` for vectors that do not match the texts; otherwise ``""``.
    """

    def __init__(
        self, message: str, *, provider: str = "", status: int | None = None, reason: str = ""
    ) -> None:
        super().__init__(message)
        self.provider = provider
        self.status = status
        self.reason = reason


class RateLimitError(ProviderError):
    """The provider answered 429 until all retries were used up."""


class ProviderTimeoutError(ProviderError):
    """The provider did not answer in time."""


class AuthenticationError(ProviderError):
    """The provider refused the credentials."""


class ExtractionError(ProviderError):
    """The model's answer could not be parsed as facts or decisions.

    The source turns stay in the store and can be processed again.
    """


class QuotaExceededError(PowerMemError):
    """A configured daily budget would be exceeded; no request was sent to the model.

    Attributes:
        budget: path of the setting, such as ``"budget.llm_calls_per_day"``.
        limit: the limit per day.
        used: the amount used so far.
        free_at: when the next day's budget starts; ISO 8601 in UTC.
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
    """The timeout of a wait passed; the work itself continues."""
