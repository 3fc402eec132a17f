"""Convert images, recordings and files to text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from ..._concurrency import async_to_thread
from ..._core.messages.parts import is_audio, is_visual, text_of_file
from ..._core.prompts.media import description_messages
from ..._core.values import Usage
from ..._core.wire.audio import listening_messages, read_transcript, transcription_form
from ...errors import ConfigError, ProviderError
from ...types import Completion
from .http import AsyncEndpointClient
from .llm import AsyncLLM


class AsyncTranscriber(Protocol):
    """A speech-to-text model."""

    @property
    def provider(self) -> str:
        """The provider's configured name."""
        ...

    async def transcribe(self, audio: Mapping[str, str]) -> Completion:
        """Transcribe a recording.

        Args:
            audio: ``data``, the recording as base64, and its ``format``, such as ``"wav"``.

        Raises:
            InvalidInputError: the data is not base64.
            ProviderError: the model gave no transcript.
        """
        ...


class AsyncEndpointTranscriber:
    """A model behind OpenAI's transcriptions endpoint.

    Args:
        client: calls the endpoint; its headers announce a form with this boundary.
        boundary: separates the fields of a form; random, so that no recording contains it.
        model: the model's name.
        parameters: further fields of each request, such as ``language``.
    """

    def __init__(
        self,
        client: AsyncEndpointClient,
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

    async def transcribe(self, audio: Mapping[str, str]) -> Completion:
        """Transcribe a recording; see ``AsyncTranscriber``."""
        # On a thread: decoding megabytes would block the event loop.
        form = await async_to_thread(transcription_form, self.model, audio, self._boundary, self._parameters)
        return read_transcript(self.provider, await self._client.post(form))


class AsyncChatTranscriber:
    """A chat model that takes recordings, like DashScope's speech recognition.

    Args:
        llm: the model.
    """

    def __init__(self, llm: AsyncLLM) -> None:
        self.provider = llm.provider
        self._llm = llm

    async def transcribe(self, audio: Mapping[str, str]) -> Completion:
        """Transcribe a recording; see ``AsyncTranscriber``."""
        return await self._llm.complete(listening_messages(audio))


_NO_VISION = (
    "no model is configured to look at images and PDF files: set llm.config.enable_vision to true if the "
    "language model can, or else vision.provider and vision.config"
)
_NO_AUDIO = (
    "no model is configured to listen to recordings: set audio_llm.provider and audio_llm.config "
    "(AUDIO_LLM_PROVIDER and AUDIO_LLM_API_KEY in the environment)"
)


class AsyncMedia:
    """Converts the non-text parts of a message to text.

    Args:
        vision: model for images and PDF files, or ``None``.
        transcriber: model for recordings, or ``None``.
        details: resolution of images: ``"auto"``, ``"low"`` or ``"high"``.
    """

    def __init__(
        self, vision: AsyncLLM | None, transcriber: AsyncTranscriber | None, *, details: str = "auto"
    ) -> None:
        self._vision = vision
        self._transcriber = transcriber
        self._details = details

    def lacking(self, part: Mapping[str, Any]) -> str | None:
        """Return why a part cannot be read, naming the missing setting, or ``None`` if it can be."""
        if is_visual(part) and self._vision is None:
            return _NO_VISION
        if is_audio(part) and self._transcriber is None:
            return _NO_AUDIO
        return None

    async def read(
        self, parts: Sequence[Mapping[str, Any]], usage: Usage | None = None, *, said: str = ""
    ) -> str:
        """Return the parts as text.

        Images and PDF files are described in a single call; recordings are transcribed; text files are
        included as they are.

        Args:
            parts: the parts of one message, as returned by ``_core.messages.normalize.read_messages``.
            usage: the cost of the calls is added to it.
            said: the text of the message, as context for the description.

        Returns:
            The text; ``""`` for silence, for example.

        Raises:
            ConfigError: a model is missing; the message names the setting. No request was sent then.
            InvalidInputError: the data of a part is damaged.
            ProviderError: a model gave no answer.
        """
        for part in parts:
            if (reason := self.lacking(part)) is not None:
                raise ConfigError(reason)
        usage = Usage() if usage is None else usage
        texts = []
        for part in parts:
            if is_audio(part):
                texts.append(await self._listen(part, usage))
            elif not is_visual(part):
                text = await async_to_thread(text_of_file, part)
                texts.append(f"[file {part['file']['filename']}]\n{text}")
        if visuals := [part for part in parts if is_visual(part)]:
            texts.insert(0, await self._look(visuals, usage, said))
        return "\n".join(text for text in texts if text)

    async def _look(self, parts: Sequence[Mapping[str, Any]], usage: Usage, said: str) -> str:
        assert self._vision is not None, "checked before"
        completion = await self._vision.complete(description_messages(parts, said, details=self._details))
        usage.count(completion)
        text = completion.text.strip()
        if not text:
            provider = self._vision.provider
            raise ProviderError(
                f"{provider}: the model said nothing about what it was shown", provider=provider
            )
        if completion.truncated:
            usage.warnings.append("the description of what was shown is cut off at the length of an answer")
        images = sum(part["type"] == "image_url" for part in parts)
        name = "document" if not images else "image" if images == len(parts) else "image and document"
        return f"[{name}: {text}]"

    async def _listen(self, part: Mapping[str, Any], usage: Usage) -> str:
        assert self._transcriber is not None, "checked before"
        completion = await self._transcriber.transcribe(part["input_audio"])
        usage.count(completion)
        return completion.text.strip()
