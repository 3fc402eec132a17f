"""Routes of MemOS that are not offered here; each says what to use instead."""

from __future__ import annotations

from fastapi import APIRouter

from ..call import refusing

_KNOWLEDGE = (
    "there are no knowledge bases; store what a document says with add/message, and filter by its tags"
)
_PROFILES = "profiles follow from what is said, and are not written; see the preferences of get/memory"

LEFT_OUT = {
    "add/knowledgebase-file": _KNOWLEDGE,
    "bind/profile_template": _PROFILES,
    "chat": "this server stores and finds; send what search/memory finds to a model of your own",
    "create/knowledgebase": _KNOWLEDGE,
    "delete/knowledgebase": _KNOWLEDGE,
    "delete/knowledgebase-file": _KNOWLEDGE,
    "delete/profile": _PROFILES,
    "edit/profile": _PROFILES,
    "extract/memory": "memories are extracted where they are stored: send the messages to add/message",
    "get/knowledgebase-file": _KNOWLEDGE,
    "rerank": "search/memory ranks what is stored, with a reranker where one is configured",
}

router = APIRouter()
for _path, _told in LEFT_OUT.items():
    # Not described: no client should be made for them.
    router.add_api_route(f"/{_path}", refusing(_told), methods=["POST"], include_in_schema=False)
