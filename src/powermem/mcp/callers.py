"""Whose memory a request is about. A model's arguments are never asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeAlias

from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.auth.provider import AccessToken
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.mcpserver.exceptions import ToolError
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS
from pydantic import ValidationError
from starlette.requests import Request

from .._core.inputs import check_id
from .._core.values import Scope

_NOBODY = (
    "this server does not know whose memory to use: set POWERMEM_USER_ID (or start it with --user), add "
    "?user_id=... to its address, or use a key that belongs to a user"
)
_IDS = Scope._fields


class ScopedToken(AccessToken):
    """A verified token or key that is tied to the owner of memories.

    Attributes:
        user_id: the only user whose memories it reaches; ``None`` for any.
        agent_id: the only agent.
        run_id: the only conversation.
        may_write: whether it may also store, change and forget.
    """

    user_id: str | None = None
    agent_id: str | None = None
    run_id: str | None = None
    may_write: bool = True


@dataclass(frozen=True, slots=True)
class Caller:
    """What a request may do.

    Attributes:
        scope: whose memories it reaches; at least one id is given, unless the server serves any user.
        may_write: whether it may store, change and forget.
    """

    scope: Scope
    may_write: bool = True

    @property
    def ids(self) -> dict[str, Any]:
        """The ids of the scope, as keyword arguments."""
        return self.scope._asdict()

    def writing(self) -> Caller:
        """Return the caller.

        Raises:
            ToolError: it may only read.
        """
        if not self.may_write:
            raise ToolError("this key may only read: it cannot store, change or forget memories")
        return self

    def narrowed(self, ids: Mapping[str, str | None], source: str) -> Caller:
        """Return the caller, restricted to further ids.

        Args:
            ids: ids by the names of the scope.
            source: where they come from, for the error.

        Raises:
            ToolError: an id is not the one that the scope has.
        """
        found = self.ids
        for name, value in ids.items():
            if value is None:
                continue
            if found[name] not in (None, value):
                raise ToolError(
                    f"{name}: this connection reaches the memories of {found[name]!r} only, and {source} "
                    f"says {value!r}; leave it out"
                )
            found[name] = value
        return Caller(Scope(**found), self.may_write)


CallerSource: TypeAlias = Callable[[Request], "Caller | None"]
"""Tells what an HTTP request may do, where the application has verified its key; ``None`` without one."""

_request: ContextVar[ServerRequestContext[Any, Any] | None] = ContextVar("powermem_mcp_request", default=None)


async def remember_request(ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
    """Keep the request at hand while it is handled; middleware of the server."""
    token = _request.set(ctx)
    try:
        return await call_next(ctx)
    except ValidationError:
        raise
    except ValueError as error:
        # The SDK's errors of prompts, such as a missing argument, which it would call internal.
        if ctx.method != "prompts/get":
            raise
        raise MCPError(code=INVALID_PARAMS, message=str(error)) from error
    finally:
        _request.reset(token)


class Callers:
    """Decides whose memory each request is about: by its key, then its address, then the environment.

    Args:
        default: the ids from the environment or the command line.
        source: tells what a request may do, where an application in front has verified its key.
        any_user: whether a request may be about no user in particular; only with tools whose arguments name
            the user.
    """

    def __init__(self, default: Scope, *, source: CallerSource | None = None, any_user: bool = False) -> None:
        self._default = default
        self._source = source
        self._any_user = any_user

    def current(self) -> Caller:
        """Return what the request that is being handled may do.

        Raises:
            ToolError: its key and its address contradict each other, or nothing says whose memory it is.
        """
        ctx = _request.get()
        request = ctx.request if ctx is not None and isinstance(ctx.request, Request) else None
        caller = self._by_key(request) or Caller(Scope())
        if request is not None:
            caller = caller.narrowed(_ids_of(request.query_params), "the address")
        ids = {
            name: here if here is not None else default
            for name, here, default in zip(_IDS, caller.scope, self._default, strict=True)
        }
        caller = Caller(Scope(**ids), caller.may_write)
        if caller.scope == Scope() and not self._any_user:
            raise ToolError(_NOBODY)
        return caller

    def _by_key(self, request: Request | None) -> Caller | None:
        if request is not None and self._source is not None:
            return self._source(request)
        token = get_access_token()
        if token is None:
            return None
        if isinstance(token, ScopedToken):
            return Caller(Scope(token.user_id, token.agent_id, token.run_id), token.may_write)
        if not token.subject:
            raise ToolError("this token names no subject, so it belongs to nobody's memory")
        return Caller(Scope(user_id=check_id(token.subject, "user_id")))


def _ids_of(query: Mapping[str, str]) -> dict[str, str | None]:
    return {name: check_id(query[name], name) for name in _IDS if name in query}
