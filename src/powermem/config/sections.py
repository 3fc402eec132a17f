"""The sections that have no provider."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator

from .._core.ranking.weights import Weights
from .._core.wire.budget import EMBEDDED_TEXTS, LLM_CALLS, LLM_TOKENS
from .fields import (
    Amount,
    Count,
    Env,
    Fraction,
    Host,
    HttpUrl,
    Port,
    Seconds,
    Section,
    Whole,
    listed,
    listed_secrets,
    nested,
)

_SHIPPED = Weights()


class Http(Section):
    """HTTP settings of every provider."""

    prefix: ClassVar[str] = "POWERMEM_HTTP_"

    connect_timeout: Seconds = 5.0
    read_timeout: Seconds = 60.0
    max_retries: Whole = 3
    max_connections: Count = 100


class Multipliers(Section):
    """How much slower a memory fades, by how important it is."""

    short_term: Amount = 7.0


class IntelligentMemory(Section):
    """Decay of memories, and the fallback when nothing is extracted."""

    prefix: ClassVar[str] = "INTELLIGENT_MEMORY_"

    enabled: bool = True
    decay_rate: Amount = 1.5
    decay_rate_multipliers: Annotated[Multipliers, Env("INTELLIGENT_MEMORY_DECAY_RATE_MULTIPLIERS")] = (
        nested()
    )
    fallback_to_simple_add: bool = False


class Processing(Section):
    """Work in the background."""

    prefix: ClassVar[str] = "POWERMEM_PROCESSING_"

    concurrency: Whole = 50
    """Number of users whose messages are read concurrently by one process; 0 leaves all work to others."""
    lease_seconds: Seconds = 60.0
    """After so long the work of a killed process is taken over."""
    poll_interval: Seconds = 1.0
    """Seconds between two looks for work that other processes have left."""
    segment_gap: Seconds = 1800.0
    """A pause of this many seconds ends a topic."""
    keep_days: Amount = 30.0
    """For how many days tasks that were completed or cancelled can be looked up."""
    resume: bool = True
    """Whether opening a memory continues unfinished work."""


class Budget(Section):
    """Daily limits on the use of models, shared by all processes that use a collection."""

    prefix: ClassVar[str] = "POWERMEM_BUDGET_"

    llm_calls_per_day: Whole | None = None
    llm_tokens_per_day: Whole | None = None
    """Of prompts and answers together."""
    embedded_texts_per_day: Whole | None = None
    prompt_price: Amount | None = None
    """Of a million tokens of prompts; with ``completion_price``, the usage has a cost."""
    completion_price: Amount | None = None
    """Of a million tokens of answers."""

    @property
    def prices(self) -> tuple[float, float] | None:
        """The prices of a million tokens of prompts and of answers, if any is set."""
        if self.prompt_price is None and self.completion_price is None:
            return None
        return self.prompt_price or 0.0, self.completion_price or 0.0

    def limits(self) -> dict[str, int]:
        """Return the limits that there are, by what they are of."""
        limits = {
            LLM_CALLS: self.llm_calls_per_day,
            LLM_TOKENS: self.llm_tokens_per_day,
            EMBEDDED_TEXTS: self.embedded_texts_per_day,
        }
        return {name: limit for name, limit in limits.items() if limit is not None}


class Search(Section):
    """How much each signal of a score counts, as factors of learned weights. See `_core.ranking.weights`."""

    prefix: ClassVar[str] = "POWERMEM_SEARCH_"

    dense: Amount = _SHIPPED.dense
    lexical: Amount = _SHIPPED.lexical
    source: Fraction = _SHIPPED.source
    coverage: Amount = _SHIPPED.coverage
    neighbour: Amount = _SHIPPED.neighbour
    span: Whole = _SHIPPED.span
    length: Amount = _SHIPPED.length
    role: Amount = _SHIPPED.role
    speaker: Amount = _SHIPPED.speaker
    asking: Amount = _SHIPPED.asking
    moment: Amount = _SHIPPED.moment
    period: Amount = _SHIPPED.period
    own: Amount = _SHIPPED.own
    phrase: Amount = _SHIPPED.phrase
    recency: Amount = _SHIPPED.recency
    voiced: bool = True
    """Whether a question about a person is also embedded in that person's words."""


class MemoryDecay(Section):
    """Older names for keys of `IntelligentMemory`, which they override when set."""

    prefix: ClassVar[str] = "MEMORY_DECAY_"

    enabled: bool = True
    forgetting_rate: Amount | None = None


class Security(Section):
    """``require_scope`` refuses calls that name no user, agent or run; ``allow_private_urls`` lets messages
    have images at any address, which the model's server fetches."""

    require_scope: Annotated[bool, Env("POWERMEM_REQUIRE_SCOPE")] = False
    allow_private_urls: Annotated[bool, Env("POWERMEM_ALLOW_PRIVATE_URLS")] = False


class Server(Section):
    """Serving over HTTP; see ``docs/server.md``."""

    prefix: ClassVar[str] = "POWERMEM_SERVER_"

    host: Host = "127.0.0.1"
    """The address to listen on. Any other than a loopback one needs a key."""
    port: Port = 8848
    workers: Count = 1
    """Number of processes."""
    api_keys: Annotated[Any, BeforeValidator(listed_secrets)] = ()
    """Keys that may do everything, besides those of ``powermem keys``; a list, or text with commas."""
    disabled: Annotated[Any, BeforeValidator(listed)] = ()
    """Parts of the application to leave out, such as ``dashboard``; a list, or text with commas."""
    public_url: HttpUrl | None = None
    """The address at which people reach it; MCP's results then name the page of a memory on the dashboard."""
    cors_origins: Annotated[Any, BeforeValidator(listed)] = ()
    """Origins whose pages may call it, such as ``https://app.example``; a list, or text with commas."""
    max_body_bytes: Count = 16 * 1024 * 1024
    """The largest body of a request; imports have no limit."""
    request_timeout: Seconds = 300.0
    """Seconds until a response must begin."""
    rate_limit_per_minute: Whole = 30_000
    """Requests a minute of one key, or of one address without a key, in one process; 0 for no limit."""
    drain_timeout: Seconds = 30.0
    """Seconds for finishing requests, and then background work, when the server stops."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["text", "json"] = "text"
