"""The interface of Memori: ``from powermem.compat import Memori`` instead of ``from memori import Memori``.

A `Memori` is a `Memory` with Memori's constructor, and its spellings of registering and of what is recalled.
docs/coming-from.md says what differs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from powermem._core.clients.attribution import SingleSpeaker
from powermem._core.inputs import Id
from powermem._core.results.recalled import RecalledFact
from powermem._sync.memory import Memory
from powermem._sync.views import Clients
from powermem.errors import InvalidInputError, QuotaExceededError, UnsupportedLLMProviderError

if TYPE_CHECKING:
    from powermem.config import MemoryConfig

__all__ = ["Memori", "QuotaExceededError", "UnsupportedLLMProviderError"]

_LOCAL = (
    "nothing is sent to Memori's cloud; use recall(query), get_all(user_id=...) or search(query, user_id=...)"
)
_REGISTER = "use llm.register(client)"
_INSTEAD = {
    "provision": "give a database: Memori(conn=...); its tables are created on first use",
    "embed_texts": "vectors belong to the memories; use search(query, user_id=...)",
    "capture_agent_turn": "use attribution(entity_id), set_session(id) and observe(messages, reply)",
    **dict.fromkeys(
        ("agent", "agent_recall", "agent_recall_summary", "agent_compaction", "agent_feedback"), _LOCAL
    ),
    **dict.fromkeys(("openai", "anthropic", "google", "langchain", "agno", "pydantic_ai", "xai"), _REGISTER),
}


@dataclass(frozen=True)
class Fact(RecalledFact):
    """A fact known about a user, with Memori's names too."""

    @property
    def date_created(self) -> str:
        """When it was stored, ISO-8601 in UTC."""
        return self.created_at

    @property
    def rank_score(self) -> float:
        """The score for the query, 0 to 1."""
        return self.similarity


class MemoriClients(Clients["Memori"]):
    """Registration of LLM clients by Memori's keywords."""

    def register(
        self,
        client: Any = None,
        openai_chat: Any = None,
        claude: Any = None,
        gemini: Any = None,
        xai: Any = None,
        chatbedrock: Any = None,
        chatgooglegenai: Any = None,
        chatopenai: Any = None,
        chatvertexai: Any = None,
        **options: Any,
    ) -> Memori:
        """Recall before each call of a client, and remember the conversation; see ``Clients.register``.

        Args:
            client: any client or chat model that can be registered.
            openai_chat: a model of Agno, whose clients are registered, or a client; so are the next three.
            claude: see above.
            gemini: see above.
            xai: see above.
            chatbedrock: a chat model of LangChain; so are the next three.
            chatgooglegenai: see above.
            chatopenai: see above.
            chatvertexai: see above.
            options: those of ``Clients.register``.

        Returns:
            The memory.

        Raises:
            UnsupportedLLMProviderError: it is of a kind that cannot be registered.
            InvalidInputError: nothing was given, or a client beside models.
        """
        models = (openai_chat, claude, gemini, xai, chatbedrock, chatgooglegenai, chatopenai, chatvertexai)
        given = [model for model in (client, *models) if model is not None]
        if not given:
            raise InvalidInputError("register: expected a client, or a model by its keyword")
        if client is not None and len(given) > 1:
            raise InvalidInputError("register: give a client or models by keyword, not both")
        for model in given:
            for each in _clients_of(model):
                memory = super().register(each, **options)
        return memory


def _clients_of(model: Any) -> list[Any]:
    """Return the clients that a model of Agno keeps and calls; anything else is its own client."""
    if not type(model).__module__.startswith("agno."):
        return [model]
    made = [getattr(model, name, None) for name in ("get_client", "get_async_client")]
    return [get() for get in made if callable(get)] or [model]


class MemoriConfig:
    """What Memori's ``config`` shows: who speaks, the storage, and the limits of recalling.

    Args:
        memory: whose configuration it is.
    """

    cloud = False
    byodb = True

    def __init__(self, memory: Memori) -> None:
        self._memory = memory

    @property
    def storage(self) -> Any:
        """The tables in the database; ``storage.build()`` creates them."""
        return self._memory.used_config.storage

    @property
    def entity_id(self) -> str | None:
        """The user of the current attribution."""
        return self._memory._attendance.attributions.current().entity_id

    @property
    def process_id(self) -> str | None:
        """The agent of the current attribution."""
        return self._memory._attendance.attributions.current().process_id

    @property
    def session_id(self) -> str | None:
        """The current conversation."""
        return self._memory.session_id

    @property
    def recall_facts_limit(self) -> int:
        """The most facts added to a call."""
        return self._memory.llm.recall_limit

    @recall_facts_limit.setter
    def recall_facts_limit(self, limit: int) -> None:
        self._memory.llm.recall_limit = limit

    @property
    def recall_relevance_threshold(self) -> float | None:
        """The lowest score of the facts added to a call."""
        return self._memory.llm.recall_threshold

    @recall_relevance_threshold.setter
    def recall_relevance_threshold(self, threshold: float | None) -> None:
        self._memory.llm.recall_threshold = threshold

    def __getattr__(self, name: str) -> Any:
        return getattr(self._memory.used_config, name)


class Memori(Memory):
    """A lasting memory, with the interface of Memori.

    Args:
        conn: a database that you have already, see ``Memory``; that of the configuration without one.
        debug_truncate: has no effect, as the next three.
        api_key: see above: nothing is sent to Memori's cloud.
        base_url: see above.
        use_rust_core: see above.
        config: the configuration of models and the store; what ``auto_config()`` finds without one.
    """

    def __init__(
        self,
        conn: Callable[[], Any] | Any = None,
        debug_truncate: bool = True,
        *,
        api_key: str | None = None,
        base_url: str | None = None,
        use_rust_core: bool | None = None,
        config: Mapping[str, Any] | MemoryConfig | None = None,
    ) -> None:
        super().__init__(config, conn=conn)
        del debug_truncate, api_key, base_url, use_rust_core
        self._attendance.attributions = SingleSpeaker()
        # Programs written for Memori make an instance for each request, and close none.
        self._access.attends = True
        # As in Memori, each instance has a conversation of its own until it is given another.
        self.new_session()

    @property
    def used_config(self) -> Any:
        """The configuration, as ``Memory.config`` returns it."""
        return super().config

    @property
    def config(self) -> MemoriConfig:  # type: ignore[override]
        """What Memori's ``config`` shows, and the settings of ``Memory.config``."""
        return MemoriConfig(self)

    @property
    def llm(self) -> MemoriClients:
        """Registration of LLM clients whose conversations are remembered."""
        return MemoriClients(self, self._attendance)

    def recall(  # type: ignore[override]
        self, query: str, limit: int | None = 5, *, top_k: int | None = None
    ) -> list[Fact]:
        """Find memories about the user set by ``attribution``; see ``Memory.recall``."""
        found = super().recall(query, limit, top_k=top_k)
        return [Fact(fact.id, fact.content, fact.similarity, fact.created_at) for fact in found]

    def delete_entity_memories(self, entity_id: Id | None = None) -> None:  # type: ignore[override]
        """Delete what is known about a user, and keep the conversations; see ``Memory``."""
        super().delete_entity_memories(entity_id)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> NoReturn:
            """Say what to write instead of what Memori has and this has not."""
            instead = _INSTEAD.get(name)
            raise AttributeError(
                f"'Memori' object has no attribute {name!r}" + (f": {instead}" if instead else ""),
                name=name,
                obj=self,
            )
