"""The description of the routes, as OpenAPI. It is made when it is asked for, since that takes a while."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import TypeAdapter

from .._core.patterns import Pattern
from .._version import __version__
from ..rest import _IDS as IDS
from . import answers
from .problems import MEDIA_TYPE

_SCHEMAS = "#/components/schemas/"
_KEYS = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}
_OPEN = {"/health/live", "/health/ready", "/version", "/api/v1/system/health"}
# What pydantic calls a TypedDict with a type of its ids.
_PARAMETER = Pattern(r"_TypeVar_|__Id_|_str_|_Union_str__NoneType__|_Optional_str__|\[.*\]")
_UNUSED = ("HTTPValidationError", "ValidationError")


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the description of an application, which is kept at it."""
    if app.openapi_schema is None:
        app.openapi_schema = _describe(app)
    return app.openapi_schema


def _describe(app: FastAPI) -> dict[str, Any]:
    described = get_openapi(
        title="powermem", version=__version__, summary="A lasting memory for AI agents", routes=app.routes
    )
    components = described.setdefault("components", {})
    schemas: dict[str, Any] = components.setdefault("schemas", {})
    for name in _UNUSED:
        schemas.pop(name, None)
    components["securitySchemes"] = _KEYS
    wanted: set[str] = {"ProblemBody"}
    for path, operations in described["paths"].items():
        for operation in operations.values():
            _complete(path, operation, wanted)
    kinds = [(name, "serialization", TypeAdapter(getattr(answers, name))) for name in sorted(wanted)]
    _, found = TypeAdapter.json_schemas(kinds, ref_template=f"{_SCHEMAS}{{model}}")  # type: ignore[arg-type]
    for name, schema in found.get("$defs", {}).items():
        schemas[_plain(name)] = _with_text_ids(schema)
    components["schemas"] = dict(sorted(schemas.items()))
    return described


def _plain(name: str) -> str:
    return _PARAMETER.sub("", name)


def _with_text_ids(schema: Any) -> Any:
    """Return a schema with ids as strings, which pydantic takes for numbers, and plain names."""
    if isinstance(schema, list):
        return [_with_text_ids(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    plain: dict[str, Any] = {
        name: _plain(each) if name in ("$ref", "title") and isinstance(each, str) else _with_text_ids(each)
        for name, each in schema.items()
    }
    for name in IDS & (plain.get("properties") or {}).keys():
        nullable = "anyOf" in plain["properties"][name]
        text: list[dict[str, str]] = [{"type": "string"}, {"type": "null"}]
        plain["properties"][name] = {"anyOf": text} if nullable else text[0]
    return plain


def _complete(path: str, operation: dict[str, Any], wanted: set[str]) -> None:
    responses = operation["responses"]
    # Wrong requests are answered as all errors are.
    responses.pop("422", None)
    reply = operation.pop("x-reply", None)
    if reply is not None:
        wanted.add(reply)
        content = {"application/json": {"schema": {"$ref": f"{_SCHEMAS}{reply}"}}}
        for status, response in responses.items():
            if status.startswith("2"):
                response["content"] = content
    responses["default"] = {
        "description": "An error",
        "content": {MEDIA_TYPE: {"schema": {"$ref": f"{_SCHEMAS}ProblemBody"}}},
    }
    operation["security"] = [] if path in _OPEN else [{name: []} for name in _KEYS]
