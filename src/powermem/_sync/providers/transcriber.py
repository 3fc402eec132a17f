# Generated from src/powermem/_async/providers/transcriber.py by scripts/run_unasync.py; edit that file instead.
"""Models that turn speech into text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from ..._concurrency import to_thread
from ..._core.wire.audio import listening_messages, read_transcript, transcription_form
from ...types import Completion
from .http import EndpointClient
from .llm import LLM


class Transcriber(Protocol):
    """A speech-to-text model."""

    @property
    def provider(self) -> str:
        """The provider's configured name."""
        ...

    def transcribe(self, audio: Mapping[str, str]) -> Completion:
        """Transcribe a recording.

        Args:
            audio: ``data``, the recording as base64, and its ``format``, such as ``"wav"``.

        Raises:
            InvalidInputError: the data is not base64.
            ProviderError: the model gave no transcript.
        """
        ...


class EndpointTranscriber:
    """A model behind OpenAI's transcriptions endpoint.

    Args:
        client: calls the endpoint; its headers announce a form with this boundary.
        boundary: separates the fields of a form; random, so that no recording contains it.
        model: the model's name.
        parameters: further fields of each request, such as ``language``.
    """

    def __init__(
        self,
        client: EndpointClient,
        *,
        boundary: str,
        model: str,
        parameters: Mapping[str, Any] | None = None,
    ) -> None:
        self.provider = client.provider
        self.model = model
        self._client = client
        self._boundary = boundary
        self._parameters = dict(parameters or {})

    def transcribe(self, audio: Mapping[str, str]) -> Completion:
        """Transcribe a recording; see ``Transcriber``."""
        # On a thread: decoding megabytes would block the event loop.
        form = to_thread(transcription_form, self.model, audio, self._boundary, self._parameters)
        return read_transcript(self.provider, self._client.post(form))


class ChatTranscriber:
    """A chat model that takes recordings, like DashScope's speech recognition.

    Args:
        llm: the model.
    """

    def __init__(self, llm: LLM) -> None:
        self.provider = llm.provider
        self._llm = llm

    def transcribe(self, audio: Mapping[str, str]) -> Completion:
        """Transcribe a recording; see ``Transcriber``."""
        return self._llm.complete(listening_messages(audio))
