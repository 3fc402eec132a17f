"""TLS and proxies in both colours, and what only one has: cancellation, and async objects."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import socket
import ssl
import threading
from functools import partial
from pathlib import Path

import pytest

from powermem._async.providers.embedder import AsyncBatchedEmbedder, AsyncOpenAIEmbedder
from powermem._async.providers.http import AsyncEndpointClient, AsyncHTTPClient, AsyncLimiter
from powermem._concurrency import async_gather
from powermem._core.wire.endpoint import build_endpoint
from powermem._core.wire.failure import Backoff
from powermem._drivers._foreign import async_call, call
from powermem._drivers._http import AsyncSocketBackend
from powermem._sync.providers.http import HTTPClient, Limiter
from powermem.errors import ConfigError, ProviderError, ProviderTimeoutError
from tests._async.patience import PATIENCE, async_until
from tests.support.apiserver import HANG, ApiServer, failure

# For 127.0.0.1 and localhost; a key that everybody knows, trusted by nobody but these tests.
CERTIFICATE = Path(__file__).parent.parent / "data" / "localhost.pem"
BODY = {"model": "m", "input": ["tea"]}


async def post_as_task(url: str, headers: dict[str, str] | None = None, **options: float) -> object:
    client = AsyncHTTPClient(max_retries=0, **options)
    try:
        return await client.post(build_endpoint("p", url, headers=headers), BODY, limiter=AsyncLimiter(4))
    finally:
        await client.close()


async def post_as_thread(url: str, headers: dict[str, str] | None = None, **options: float) -> object:
    def post() -> object:
        client = HTTPClient(max_retries=0, **options)
        try:
            return client.post(build_endpoint("p", url, headers=headers), BODY, limiter=Limiter(4))
        finally:
            client.close()

    return await asyncio.to_thread(post)


both = pytest.mark.parametrize("post", [post_as_task, post_as_thread])


@pytest.fixture
def tls(monkeypatch):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    monkeypatch.setenv("no_proxy", "*")
    with ApiServer(tls=context) as server:
        yield server


@both
async def test_tls_works_with_a_certificate_from_the_environment(tls, monkeypatch, post):
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))

    for host in ("127.0.0.1", "localhost"):
        reply = await post(f"https://{host}:{tls.port}/v1/embeddings")
        assert len(reply["data"]) == 1


@both
async def test_a_certificate_that_nobody_vouches_for_is_refused_at_once(tls, monkeypatch, post):
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)

    with pytest.raises(ProviderError, match="certificate verify failed") as caught:
        await post(f"{tls.url}/embeddings")

    assert not isinstance(caught.value, ProviderTimeoutError)
    assert tls.requests == []


@both
async def test_a_certificate_of_another_host_is_refused(tls, monkeypatch, post):
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    monkeypatch.setattr(socket, "getaddrinfo", _everything_here(socket.getaddrinfo))

    with pytest.raises(ProviderError, match=r"[Hh]ostname mismatch"):
        await post(f"https://elsewhere.example:{tls.port}/v1/embeddings")


def _everything_here(original):
    def getaddrinfo(host, *args, **kwargs):
        return original("127.0.0.1", *args, **kwargs)

    return getaddrinfo


@both
async def test_a_server_without_tls_is_refused(post, monkeypatch):
    monkeypatch.setenv("no_proxy", "*")

    async def serve(reader, writer):
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    with pytest.raises(ProviderError, match=r"(?i)wrong.version"):
        await post(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    server.close()


@both
async def test_a_tls_handshake_that_hangs_is_given_up(post, monkeypatch):
    monkeypatch.setenv("no_proxy", "*")

    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(ProviderTimeoutError, match=r"within 0\.1 s"),
    ):
        await post(f"https://127.0.0.1:{silent.getsockname()[1]}", connect_timeout=0.1)


@both
async def test_a_proxy_from_the_environment_is_used(api, monkeypatch, post):
    monkeypatch.delenv("no_proxy")
    monkeypatch.setenv("http_proxy", f"http://me:p%40ss@127.0.0.1:{api.port}")

    reply = await post("http://model.example/v1/embeddings")

    assert len(reply["data"]) == 1
    (request,) = api.requests
    assert request.headers["host"] == "model.example"
    assert request.headers["proxy-authorization"] == "Basic bWU6cEBzcw=="


@both
async def test_no_proxy_is_honoured(api, monkeypatch, post):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")

    await post(f"{api.url}/embeddings")

    assert "proxy-authorization" not in api.requests[0].headers


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@both
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_dead_proxy_is_blamed_and_not_the_server(monkeypatch, post, scheme):
    monkeypatch.delenv("no_proxy", raising=False)
    port = _free_port()
    monkeypatch.setenv(f"{scheme}_proxy", f"me:hunter2@127.0.0.1:{port}")

    with pytest.raises(ProviderError) as caught:
        await post(f"{scheme}://model.example/v1/embeddings")

    assert f"the proxy http://127.0.0.1:{port}, named by" in str(caught.value)
    assert "hunter2" not in str(caught.value)


@both
async def test_a_proxy_that_refuses_is_blamed(api, monkeypatch, post):
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{api.port}")

    with pytest.raises(ProviderError, match=f"the proxy http://127.0.0.1:{api.port}, named by"):
        await post("https://model.example/v1/embeddings")


@both
async def test_a_local_server_that_is_off_is_asked_about(monkeypatch, post):
    monkeypatch.setenv("no_proxy", "*")

    for host in ("127.0.0.1", "localhost"):
        with pytest.raises(ProviderError, match="nothing listens there; is the server running"):
            await post(f"http://{host}:{_free_port()}/v1/embeddings")


@both
async def test_a_name_that_does_not_exist_is_named(monkeypatch, post):
    monkeypatch.setenv("no_proxy", "*")

    with pytest.raises(
        ProviderError, match=r"the host name 'nowhere\.invalid' was not found; check base_url"
    ):
        await post("https://nowhere.invalid/v1/embeddings")


@both
async def test_tls_goes_through_a_proxy(tls, monkeypatch, post):
    monkeypatch.delenv("no_proxy")
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    async with _tunnel() as (port, asked):
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{port}")
        reply = await post(f"https://localhost:{tls.port}/v1/embeddings")

    assert len(reply["data"]) == 1
    assert asked == [f"CONNECT localhost:{tls.port} HTTP/1.1"]


@contextlib.asynccontextmanager
async def _tunnel():
    """A proxy that passes bytes on, as proxies do for TLS."""
    asked: list[str] = []
    tunnels: list[asyncio.Task[None]] = []

    async def copy(reader, writer):
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def serve(reader, writer):
        tunnels.append(asyncio.current_task())
        head = await reader.readuntil(b"\r\n\r\n")
        asked.append(head.split(b"\r\n")[0].decode())
        host, port = asked[-1].split()[1].split(":")
        there, back = await asyncio.open_connection(host, int(port), family=socket.AF_INET)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await asyncio.gather(copy(reader, back), copy(there, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], asked
    finally:
        server.close()
        # What passes through ends when its client is closed.
        await asyncio.wait_for(asyncio.gather(*tunnels), PATIENCE)


async def test_a_call_cancelled_at_any_step_leaves_nothing_behind(api):
    endpoint = build_endpoint("p", f"{api.url}/embeddings")
    limiter = AsyncLimiter(1)
    client = AsyncHTTPClient()

    for steps in range(40):
        api.rule = lambda request: HANG
        task = asyncio.create_task(client.post(endpoint, BODY, limiter=limiter))
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        # The only slot is free again, and no connection is open but the one that is kept.
        api.rule = lambda request: None
        await asyncio.wait_for(client.post(endpoint, BODY, limiter=limiter), PATIENCE)
        await async_until(_is_alone)
        await async_until(lambda: len(api.open) == 1)
        if steps % 2:
            # Every other call begins with opening a connection.
            api.close_idle()

    await client.close()
    gc.collect()
    await async_until(lambda: not api.open)


async def test_a_call_cancelled_while_it_backs_off_lets_others_go_on(api):
    client, limiter = AsyncHTTPClient(backoff=Backoff(base=60.0, cap=60.0)), AsyncLimiter(1)
    endpoint = build_endpoint("p", f"{api.url}/embeddings")
    api.script.append(failure(503))
    task = asyncio.create_task(client.post(endpoint, BODY, limiter=limiter))
    await async_until(lambda: len(api.requests) == 1)

    # While it sleeps, its slot is free.
    await asyncio.wait_for(client.post(endpoint, BODY, limiter=limiter), PATIENCE)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await client.close()


async def test_a_call_cancelled_while_the_provider_wants_quiet_gives_its_slot_back(api):
    limiter = AsyncLimiter(1)
    limiter.pause(PATIENCE)

    async def enter() -> None:
        async with limiter.turn():
            pass

    task = asyncio.create_task(enter())
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    limiter._resume_at = 0.0
    await asyncio.wait_for(enter(), PATIENCE)


async def test_a_connection_that_opens_too_late_is_closed(api):
    backend = AsyncSocketBackend()

    for _ in range(20):
        task = asyncio.create_task(backend.connect_tcp("127.0.0.1", api.port, timeout=5))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    await async_until(_is_alone)
    await async_until(lambda: not api.open)


async def test_a_reply_in_many_pieces_is_put_together(api):
    texts = [f"note {number}" for number in range(200)]
    client = AsyncHTTPClient()

    body = {"model": "m", "input": texts}
    reply = await client.post(build_endpoint("p", f"{api.url}/embeddings"), body, limiter=AsyncLimiter(1))
    await client.close()

    assert len(reply["data"]) == 200


async def test_two_hundred_tasks_share_few_requests(api):
    api.delays["embed"] = 0.02
    client = AsyncHTTPClient()
    endpoint = build_endpoint("p", f"{api.url}/embeddings")
    embedder = AsyncBatchedEmbedder(AsyncOpenAIEmbedder(AsyncEndpointClient(client, endpoint), model="m"))

    calls = [partial(embedder.embed, [f"note {number}"]) for number in range(200)]
    await async_gather(calls, limit=64)
    await embedder.close()
    await client.close()

    assert len(api.requests) <= 20


def test_a_client_needs_no_event_loop_to_be_made():
    assert isinstance(AsyncHTTPClient(), AsyncHTTPClient)


class Made:
    """An object with methods of every kind."""

    async def tasked(self, value):
        return value

    def plain(self, value):
        return value

    def disguised(self, value):
        return self.tasked(value)


def test_an_event_loop_of_uvloop_connects(api):
    # uvicorn takes it where it is installed.
    uvloop = pytest.importorskip("uvloop")
    with contextlib.closing(uvloop.new_event_loop()) as loop:
        reply = loop.run_until_complete(post_as_task(f"{api.url}/embeddings"))
    assert len(reply["data"]) == 1


async def test_tasks_can_call_every_kind_of_method():
    made = Made()

    assert await async_call(made, "tasked", "plain", 1) == 1
    assert await async_call(made, "missing", "plain", 2) == 2
    assert await async_call(made, "disguised", "disguised", 3) == 3
    with pytest.raises(ConfigError, match="Made has no method 'missing'"):
        await async_call(made, "missing", "missing")


async def test_a_plain_method_does_not_hold_up_the_loop():
    released = threading.Event()

    class Slow:
        def plain(self):
            assert released.wait(120)

    call_under_way = asyncio.create_task(async_call(Slow(), "missing", "plain"))
    await asyncio.sleep(0.01)
    released.set()

    await asyncio.wait_for(call_under_way, PATIENCE)


def test_threads_can_call_plain_methods_only():
    made = Made()

    assert call(made, "tasked", "plain", 1) == 1
    for name in ("tasked", "disguised"):
        with pytest.raises(ConfigError, match=f"Made.{name} is async.*AsyncMemory"):
            call(made, name, name, 1)
    with pytest.raises(ConfigError, match="Made has no method 'missing'"):
        call(made, "plain", "missing")


def _is_alone() -> bool:
    """Tell whether nothing goes on but the test itself."""
    return asyncio.all_tasks() == {asyncio.current_task()}
