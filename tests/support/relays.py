"""What may stand between a client and a database server."""

from __future__ import annotations

import contextlib
import select
import socket
import socketserver
import ssl
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

CERTIFICATE = Path(__file__).parents[1] / "data" / "localhost.pem"
"""Of a server on this machine; it vouches for itself."""
STRANGER = CERTIFICATE.with_name("stranger.pem")
"""A CA certificate that signed no server here."""

_SIZE = 65536
# What a client of PostgreSQL sends before anything else when it wants TLS.
_TLS_REQUEST = struct.pack("!ii", 8, 80877103)
# The reply of a PostgreSQL server that requires TLS to a client without it.
_FIELDS = b"SFATAL\0C28000\0Mno pg_hba.conf entry for this host, no encryption\0\0"
_REFUSAL = b"E" + struct.pack("!i", len(_FIELDS) + 4) + _FIELDS


class Relay:
    """Passes bytes between one client and a server, and stays when the server is gone.

    Args:
        host: where the server is.
        port: its TCP port.
    """

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.left = threading.Event()
        """Set when the client has hung up."""
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Relay:
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._thread.join()
        self._listener.close()

    def _run(self) -> None:
        client, _ = self._listener.accept()
        server = socket.create_connection(self._target)
        back = threading.Thread(target=self._pass, args=(server, client))
        back.start()
        self._pass(client, server)
        self.left.set()
        server.close()
        back.join()
        client.close()

    @staticmethod
    def _pass(source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(_SIZE):
                sink.sendall(data)
        except OSError:
            # A side that is reset is gone just as one that has hung up.
            return


class Encryptor:
    """Speaks TLS, and nothing else, for a PostgreSQL that was built without it.

    Args:
        port: of the server on 127.0.0.1.
        host: the address to listen on.
    """

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATE)

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                client: socket.socket = self.request
                first = client.recv(len(_TLS_REQUEST), socket.MSG_WAITALL)
                if first != _TLS_REQUEST:
                    client.recv(_SIZE)
                    client.sendall(_REFUSAL)
                    return
                client.sendall(b"S")
                try:
                    secured = context.wrap_socket(client, server_side=True)
                except OSError:
                    # The client does not trust us.
                    return
                with secured, socket.create_connection(("127.0.0.1", port)) as server:
                    _exchange(secured, server)

        self._server = socketserver.ThreadingTCPServer((host, 0), Handler)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def __enter__(self) -> Encryptor:
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _exchange(client: ssl.SSLSocket, server: socket.socket) -> None:
    """Pass bytes until one of them hangs up. One thread, since two may not use a TLS socket at once."""
    other: dict[socket.socket, socket.socket] = {client: server, server: client}
    try:
        while True:
            ready = [client] if client.pending() else select.select([client, server], [], [])[0]
            side: socket.socket
            for side in ready:
                data = side.recv(_SIZE)
                if not data:
                    return
                other[side].sendall(data)
    except OSError:
        return


@dataclass(frozen=True)
class Fault:
    """What a `Proxy` does to a connection, and when.

    Attributes:
        action: fall silent and stay connected, hang up, reset the connection, or pass everything on late.
        towards: the side whose incoming bytes are watched.
        after: this number of bytes still passes, on each connection, before it happens.
        at: it happens at a piece of data that holds these bytes.
        passes: whether that piece still gets through.
        times: on how many connections it happens; ``None`` for all.
        delay: seconds by which each piece is late.
    """

    action: Literal["silence", "fin", "rst", "delay"] = "silence"
    towards: Literal["server", "client"] = "server"
    after: int = 0
    at: bytes = b""
    passes: bool = False
    times: int | None = None
    delay: float = 0.0


class Proxy:
    """Passes bytes between clients and a server, and simulates faults on demand.

    Args:
        target: host and port of the server, or the path of its socket.
    """

    def __init__(self, target: tuple[str, int] | str) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.connections = 0
        """How many clients have connected."""
        self.struck = threading.Event()
        """Set when a fault has happened."""
        self._fault: Fault | None = None
        self._left: int | None = None
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._over = threading.Event()

    def __enter__(self) -> Proxy:
        self._serve()
        return self

    def __exit__(self, *raised: object) -> None:
        self._over.set()
        self.refuse()
        self.cut()
        for thread in self._threads:
            thread.join()

    def behave(self, fault: Fault | None = None) -> None:
        """Behave like this from now on, also on connections that are open; without a fault, well."""
        with self._lock:
            self.struck.clear()
            self._fault = fault
            self._left = None if fault is None else fault.times

    def refuse(self) -> None:
        """Take no more connections."""
        # Only this wakes the thread that waits for the next one.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def reopen(self) -> None:
        """Take connections again, on the same port."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._serve()

    def cut(self) -> None:
        """Reset all connections."""
        with self._lock:
            sockets, self._sockets = self._sockets, []
        for one in sockets:
            _reset(one)

    def _serve(self) -> None:
        self._start(self._accept, self._listener)

    def _start(self, run: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=run, args=args)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            self.connections += 1
            try:
                server = self._connect()
            except OSError:
                client.close()
                continue
            with self._lock:
                self._sockets += [client, server]
            self._start(self._relay, client, server)

    def _connect(self) -> socket.socket:
        if isinstance(self._target, tuple):
            return socket.create_connection(self._target)
        server = socket.socket(socket.AF_UNIX)
        try:
            server.connect(self._target)
        except OSError:
            server.close()
            raise
        return server

    def _relay(self, client: socket.socket, server: socket.socket) -> None:
        """Pass bytes until one side hangs up or something happens."""
        ways = {client: ("server", server), server: ("client", client)}
        passed = {"server": 0, "client": 0}
        try:
            while True:
                for source in select.select(list(ways), [], [])[0]:
                    towards, sink = ways[source]
                    data = source.recv(_SIZE)
                    fault = self._strikes(towards, data, passed[towards])
                    if fault is not None:
                        kept = data if fault.at else data[: max(fault.after - passed[towards], 0)]
                        if not fault.at or fault.passes:
                            sink.sendall(kept)
                        return self._act(fault, client, server)
                    if not data:
                        return self._end(client, server)
                    sink.sendall(data)
                    passed[towards] += len(data)
        except (OSError, ValueError):
            # A side has disconnected, or a cut was requested.
            self._end(client, server)

    def _strikes(self, towards: str, data: bytes, passed: int) -> Fault | None:
        with self._lock:
            fault = self._fault
            if fault is None or not data:
                return None
            if fault.action == "delay":
                self._over.wait(fault.delay)
                return None
            if fault.towards != towards or self._left == 0 or fault.at not in data:
                return None
            if passed + len(data) <= fault.after:
                return None
            if self._left is not None:
                self._left -= 1
            self.struck.set()
            return fault

    def _act(self, fault: Fault, client: socket.socket, server: socket.socket) -> None:
        if fault.action == "silence":
            # Both stay connected until the end.
            return
        if fault.passes:
            # The server executes what it received before it notices that the client is gone.
            with contextlib.suppress(OSError):
                server.recv(_SIZE)
        with self._lock:
            for one in (client, server):
                if one in self._sockets:
                    self._sockets.remove(one)
        for one in (client, server):
            if fault.action == "rst":
                _reset(one)
            else:
                one.close()

    def _end(self, client: socket.socket, server: socket.socket) -> None:
        with self._lock:
            for one in (client, server):
                if one in self._sockets:
                    self._sockets.remove(one)
        client.close()
        server.close()


def _reset(one: socket.socket) -> None:
    """Close a socket so that the other side sees a reset, also in a thread that waits for it."""
    with contextlib.suppress(OSError):
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RD)
    one.close()
