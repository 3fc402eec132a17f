"""What applications and language models say to each other, in every form in which they say it. No I/O."""

from __future__ import annotations

from .apis import CHAT, GENERIC, MESSAGES, RESPONSES, Api
from .attribution import Attribution, Attributions, check_name
from .client_methods import ClientMethods, Method, methods_of
from .exchange import Attended, Exchange, attend, messages_of, new_messages, spoken
from .raw import RawReply
from .replies import reply_text
from .streams import Transcript

__all__ = [
    "CHAT",
    "GENERIC",
    "MESSAGES",
    "RESPONSES",
    "Api",
    "Attended",
    "Attribution",
    "Attributions",
    "ClientMethods",
    "Exchange",
    "Method",
    "RawReply",
    "Transcript",
    "attend",
    "check_name",
    "messages_of",
    "methods_of",
    "new_messages",
    "reply_text",
    "spoken",
]
