"""Models that turn speech into text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from ..._concurrency import async_to_thread
from ...types import Completion
from ...wire.audio import listening_messages, read_transcript, transcription_form
from ...wire.endpoint import Endpoint
from .http import AsyncHTTPClient
from .limiter import AsyncLimiter
from .llm import AsyncLLM


class AsyncTranscriber(Protocol):
    """Something that writes down what is said in a recording."""

    @property
    def provider(self) -> str:
        """Its configured name."""
        ...

    async def transcribe(self, audio: Mapping[str, str]) -> Completion:
        """Write down what is said.

        Args:
            audio: ``data``, the recording as base64, and its ``format``, such as ``"wav"``.

        Raises:
            InvalidInputError: it is not base64.
            ProviderError: there is no transcript.
        """
        ...


class AsyncEndpointTranscriber:
    """A model behind OpenAI's transcriptions method.

    Args:
        http: the client to send with.
        endpoint: the address of the method; its headers announce a form with this boundary.
        boundary: what stands between the fields of a form; nobody can guess it.
        model: the model's name.
        parameters: further fields of each request, such as ``language``.
        max_concurrency: how many requests may be in flight.
        timeout: seconds for each attempt, if not the client's.
        max_retries: how often to try again, if not the client's.
    """

    def __init__(
        self,
        http: AsyncHTTPClient,
        endpoint: Endpoint,
        *,
        boundary: str,
        model: str,
        parameters: Mapping[str, Any] | None = None,
        max_concurrency: int = 64,
        timeout: float | None = None,
        max_retries: int | None = None,
    ) -> None:
        self.provider = endpoint.provider
        self.model = model
        self._http = http
        self._endpoint = endpoint
        self._boundary = boundary
        self._parameters = dict(parameters or {})
        self._limiter = AsyncLimiter(max_concurrency)
        self._timeout = timeout
        self._max_retries = max_retries

    async def transcribe(self, audio: Mapping[str, str]) -> Completion:
        """Write down what is said; see ``AsyncTranscriber``."""
        # Decoding megabytes takes longer than an event loop should be held.
        form = await async_to_thread(transcription_form, self.model, audio, self._boundary, self._parameters)
        reply = await self._http.post(
            self._endpoint,
            form,
            limiter=self._limiter,
            timeout=self._timeout,
            max_retries=self._max_retries,
        )
        return read_transcript(self.provider, reply)


class AsyncChatTranscriber:
    """A model that listens in a chat, as DashScope's speech recognition does.

    Args:
        llm: the model.
    """

    def __init__(self, llm: AsyncLLM) -> None:
        self.provider = llm.provider
        self._llm = llm

    async def transcribe(self, audio: Mapping[str, str]) -> Completion:
        """Write down what is said; see ``AsyncTranscriber``."""
        return await self._llm.complete(listening_messages(audio))
