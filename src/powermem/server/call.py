"""What a route is given: the memory, who calls, and the cost so far. A dependency for each permission."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.responses import Response

from .._async.memory import AsyncMemory
from .._core.metering import meter
from .._core.values import Usage
from ..errors import InvalidInputError
from .authentication import CALLER
from .caller import Caller, Permission, ScopeIds, UserScopeIds
from .problems import NotOfferedError, UnauthorizedError
from .replies import json_response
from .service import Service, service_of


@dataclass(slots=True)
class Call:
    """One call of a route.

    Attributes:
        service: the service of this process.
        memory: its memory.
        caller: who calls.
        started: when; seconds of ``perf_counter``.
        cost: what models did for it so far.
    """

    service: Service
    memory: AsyncMemory
    caller: Caller
    started: float
    cost: Usage

    def scope(self, user_id: object = None, agent_id: object = None, run_id: object = None) -> ScopeIds:
        """Return the ids of a request within what the key is tied to; see `Caller.scope`."""
        return self.caller.scope(user_id, agent_id, run_id)

    def scope_of_user(self, user_id: object, agent_id: object = None, run_id: object = None) -> UserScopeIds:
        """As `scope`, where there must be a user.

        Raises:
            InvalidInputError: there is none.
        """
        found = self.caller.scope(user_id, agent_id, run_id)
        user = found["user_id"]
        if user is None:
            raise InvalidInputError("user_id: required here")
        return {"user_id": user, "agent_id": found["agent_id"], "run_id": found["run_id"]}

    def usage(self) -> dict[str, Any]:
        """Return the cost so far, as ``usage`` of a reply."""
        cost = self.cost
        return {
            "llm_calls": cost.llm_calls,
            "prompt_tokens": cost.prompt_tokens,
            "completion_tokens": cost.completion_tokens,
            "embedded_texts": cost.embedded_texts,
            "facts_left_out": cost.facts_left_out,
            "seconds": round(perf_counter() - self.started, 6),
        }

    def reply(self, body: dict[str, Any], status: int = 200) -> Response:
        """Return a reply; ``usage`` is added unless the body has its own."""
        if "usage" not in body:
            body["usage"] = self.usage()
        return json_response(body, status)


def caller_of(request: Request) -> Caller:
    """Return who calls, as `authentication` has found out."""
    caller = request.scope.get(CALLER)
    if not isinstance(caller, Caller):
        # Fail closed: the route was reached without passing there.
        raise UnauthorizedError("this route needs a key")
    return caller


def needing(permission: Permission) -> Callable[[Request], Awaitable[Call]]:
    """Return a dependency that refuses callers without a permission."""

    # Not a plain function, which FastAPI would call on a thread.
    async def call(request: Request) -> Call:
        service, caller = service_of(request), caller_of(request)
        caller.require(permission)
        return Call(service, service.memory, caller, perf_counter(), meter())

    return call


_read: Any = needing(Permission.READ)
_write: Any = needing(Permission.WRITE)
_admin: Any = needing(Permission.ADMIN)

ReadCall = Annotated[Call, Depends(_read)]
WriteCall = Annotated[Call, Depends(_write)]
AdminCall = Annotated[Call, Depends(_admin)]


def refusing(told: str) -> Callable[[ReadCall], Awaitable[Response]]:
    """Return a route that says what to use instead of it."""

    async def refuse(call: ReadCall) -> Response:
        raise NotOfferedError(told)

    return refuse
