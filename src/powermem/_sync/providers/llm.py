# Generated from src/powermem/_async/providers/llm.py by scripts/run_unasync.py; edit that file instead.
"""Language models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from ..._concurrency import to_thread
from ..._core.metering import count_completion
from ..._core.tracing import asking, note_cost
from ..._core.wire.ability import Abilities, Retrial, Structure
from ..._core.wire.failure import Failure
from ..._core.wire.formats import ChatForm, encode
from ..._core.wire.reasons import CUT
from ...types import ChatMessage, Completion, Schema
from .http import EndpointClient


class LLM(Protocol):
    """A language model."""

    @property
    def provider(self) -> str:
        """The provider's configured name."""
        ...

    @property
    def model(self) -> str:
        """The model's name."""
        ...

    def complete(self, messages: Sequence[ChatMessage], *, schema: Schema | None = None) -> Completion:
        """Answer a chat.

        Args:
            messages: in OpenAI's form; the content may have parts, such as images.
            schema: the JSON schema that the answer should follow. How strictly it is enforced depends on the
                provider, so the answer must still be validated.

        Raises:
            ProviderError: the model gave no answer.
        """
        ...


class ChatLLM:
    """A model behind a chat API over HTTP; adapts its requests to what the endpoint accepts.

    Args:
        client: calls the chat endpoint.
        form: the format of requests and replies.
        model: the model's name.
        parameters: further fields of each request, such as ``temperature``.
        abilities: what the endpoint is assumed to accept, until it refuses something.
    """

    def __init__(
        self,
        client: EndpointClient,
        *,
        form: ChatForm,
        model: str,
        parameters: Mapping[str, Any] | None = None,
        abilities: Abilities | None = None,
    ) -> None:
        self.provider = client.provider
        self.model = model
        self._client = client
        self._form = form
        self._parameters = dict(parameters or {})
        self._initial = self._abilities = abilities or Abilities()
        self._retrial = Retrial()

    def complete(self, messages: Sequence[ChatMessage], *, schema: Schema | None = None) -> Completion:
        """Answer a chat; see ``LLM``."""
        with asking("powermem.llm", "chat", self.provider, self.model):
            completion = self._complete(messages, schema)
            note_cost(completion, self.provider, self.model)
            count_completion(completion)
            return completion

    def _complete(self, messages: Sequence[ChatMessage], schema: Schema | None) -> Completion:
        unenforced: Abilities | None = None
        while True:
            # Each attempt starts from the current abilities, which a concurrent call may have reduced. Every
            # refusal that is understood reduces them further, so the loop ends.
            abilities = unenforced or self._abilities
            body = self._form.build(self.model, messages, schema, abilities, self._parameters)
            # Images take megabytes, and encoding them as JSON would block the event loop.
            large = any(isinstance(message.get("content"), list) for message in messages)
            reply = self._client.send(to_thread(encode, body) if large else body)
            if not isinstance(reply, Failure):
                if self._retrial.is_due():
                    self._abilities = self._initial
                return self._form.read(self.provider, reply)
            reduced = abilities.after(reply, body.keys())
            if reduced is None and reply.reason == CUT and unenforced is None and schema is not None:
                # The server rejected the model's answer as invalid. Retry this call without enforcement: the
                # parser here may still get something out of the answer.
                unenforced = abilities._replace(structure=Structure.PROMPT)
                continue
            if reduced is None:
                raise reply.error()
            unenforced = None
            self._abilities = self._abilities.meet(reduced)
            self._retrial.give_up()
