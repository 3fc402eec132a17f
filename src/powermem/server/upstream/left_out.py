"""Routes of powermem 1.1 that are not offered here; each says what to use instead."""

from __future__ import annotations

from fastapi import APIRouter

from ..call import refusing

router = APIRouter()

_PROFILES = "profiles follow from what is said; delete that with DELETE /api/v1/users/{user_id}/memories"
_SHARING = "memories are not shared between agents; leave agent_id out of what several of them should know"

LEFT_OUT = {
    ("POST", "/memories/import"): "send the file as the body of POST /v1/import, which reads it",
    ("DELETE", "/users/{user_id}/profile"): _PROFILES,
    ("GET", "/agents/{agent_id}/memories/share"): _SHARING,
    ("POST", "/agents/{agent_id}/memories/share"): _SHARING,
}


for (_method, _path), _told in LEFT_OUT.items():
    # Not described: no client should be made for them.
    router.add_api_route(_path, refusing(_told), methods=[_method], include_in_schema=False)
