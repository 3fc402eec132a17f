"""Reading what is not text: images through a model that sees, audio through one that hears."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...config import Settings
from ...errors import ConfigError
from .http import AsyncHTTPClient


class AsyncMedia:
    """Turns parts of messages into text."""

    async def read(self, parts: Sequence[Mapping[str, Any]]) -> str:
        """Return what parts show or say.

        Raises:
            ConfigError: nothing is configured that could read them.
        """
        raise ConfigError("nothing is configured that reads images or audio")


def build_media(settings: Settings, http: AsyncHTTPClient) -> AsyncMedia:
    """Return what reads the parts that are not text."""
    return AsyncMedia()
