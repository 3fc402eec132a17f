"""A web service that streams what a language model says, and remembers each user by a token.

OPENAI_API_KEY=... uvicorn fastapi_streaming:app
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import StreamingResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from openai import AsyncOpenAI
from pydantic import BaseModel

from powermem import AsyncMemory

CONFIG = {"vector_store": {"provider": "sqlite", "config": {"database_path": "./data/fastapi.db"}}}
MODEL = os.environ.get("OPENAI_MODEL", "gpt-4o-mini")


class Question(BaseModel):
    text: str


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    # One memory and one client serve everybody. At the end, what was said last is kept before they close.
    async with AsyncMemory(CONFIG) as memory, AsyncOpenAI() as client:
        memory.llm.register(client)
        yield {"memory": memory, "client": client}


app = FastAPI(lifespan=lifespan)


def user_of(token: str) -> str | None:
    """Return whose token it is. Ask your own table of users here."""
    return token.removeprefix("token-of-") if token.startswith("token-of-") else None


# Asynchronous, for what a plain function does in its thread the request does not see.
async def speaker(
    request: Request, bearer: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]
) -> str:
    user = user_of(bearer.credentials)
    if user is None:
        raise HTTPException(status_code=401, detail="unknown token")
    request.state.memory.attribution(user, "fastapi")
    return user


@app.post("/chat")
async def chat(
    request: Request, question: Question, user: Annotated[str, Depends(speaker)]
) -> StreamingResponse:
    messages = [{"role": "user", "content": question.text}]
    stream = await request.state.client.chat.completions.create(model=MODEL, messages=messages, stream=True)

    async def pieces() -> AsyncIterator[str]:
        # Closed also when the reader goes away, and remembered as far as it came.
        async with stream:
            async for event in stream:
                if event.choices and event.choices[0].delta.content:
                    yield event.choices[0].delta.content

    return StreamingResponse(pieces(), media_type="text/plain")


@app.get("/facts")
async def facts(request: Request, query: str, user: Annotated[str, Depends(speaker)]) -> list[str]:
    return [fact.content for fact in await request.state.memory.recall(query)]
