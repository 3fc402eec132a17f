"""Language models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from ..._concurrency import async_to_thread
from ...tracing import annotate_cost, span
from ...types import ChatMessage, Completion, Schema
from ...wire.ability import Abilities, Retrial, Structure
from ...wire.body import encode
from ...wire.chat import ChatForm
from ...wire.endpoint import Endpoint
from ...wire.failure import Failure
from ...wire.reasons import CUT
from .http import AsyncHTTPClient
from .limiter import AsyncLimiter


class AsyncLLM(Protocol):
    """Something that answers a chat."""

    @property
    def provider(self) -> str:
        """Its configured name."""
        ...

    @property
    def model(self) -> str:
        """The model's name."""
        ...

    async def complete(self, messages: Sequence[ChatMessage], *, schema: Schema | None = None) -> Completion:
        """Answer a chat.

        Args:
            messages: in OpenAI's form; the content may have parts, such as images.
            schema: the answer should be JSON that follows it. How strictly the model is held to it depends
                on the provider, so the answer still has to be checked.

        Raises:
            ProviderError: there is no answer.
        """
        ...


class AsyncChatLLM:
    """A model behind a chat API over HTTP. It learns what the model understands.

    Args:
        http: the client to send with.
        endpoint: the address of the chat method.
        form: what requests and replies look like.
        model: the model's name.
        parameters: further fields of each request, such as ``temperature``.
        abilities: what the endpoint is known to understand; what it does not is found out.
        max_concurrency: how many calls may be in flight.
        timeout: seconds for each attempt, if not the client's.
        max_retries: how often to try again, if not the client's.
    """

    def __init__(
        self,
        http: AsyncHTTPClient,
        endpoint: Endpoint,
        *,
        form: ChatForm,
        model: str,
        parameters: Mapping[str, Any] | None = None,
        abilities: Abilities | None = None,
        max_concurrency: int = 64,
        timeout: float | None = None,
        max_retries: int | None = None,
    ) -> None:
        self.provider = endpoint.provider
        self.model = model
        self._http = http
        self._endpoint = endpoint
        self._form = form
        self._parameters = dict(parameters or {})
        self._first = self._abilities = abilities or Abilities()
        self._retrial = Retrial()
        self._limiter = AsyncLimiter(max_concurrency)
        self._timeout = timeout
        self._max_retries = max_retries

    async def complete(self, messages: Sequence[ChatMessage], *, schema: Schema | None = None) -> Completion:
        """Answer a chat; see ``AsyncLLM``."""
        with span("powermem.llm", {"gen_ai.request.model": self.model}):
            completion = await self._complete(messages, schema)
            annotate_cost(completion)
            return completion

    async def _complete(self, messages: Sequence[ChatMessage], schema: Schema | None) -> Completion:
        looser: Abilities | None = None
        while True:
            # Every round starts from what is known by now, which another call may have found out, and a
            # refusal leaves less of it: the loop ends.
            abilities = looser or self._abilities
            body = self._form.build(self.model, messages, schema, abilities, self._parameters)
            # Images are megabytes, and to write them as JSON would hold the event loop.
            large = any(isinstance(message.get("content"), list) for message in messages)
            reply = await self._http.send(
                self._endpoint,
                await async_to_thread(encode, body) if large else body,
                limiter=self._limiter,
                timeout=self._timeout,
                max_retries=self._max_retries,
            )
            if not isinstance(reply, Failure):
                if self._retrial.is_due():
                    self._abilities = self._first
                return self._form.read(self.provider, reply)
            lesser = abilities.after(reply, body.keys())
            if lesser is None and reply.reason == CUT and looser is None and schema is not None:
                # The server found its own answer invalid. Only this call goes on without that check: what
                # there is of an answer can be read here as well.
                looser = replace(abilities, structure=Structure.PROMPT)
                continue
            if lesser is None:
                raise reply.error()
            looser = None
            self._abilities = self._abilities.meet(lesser)
            self._retrial.give_up()
