"""What may stand between a client and a database server."""

from __future__ import annotations

import select
import socket
import socketserver
import ssl
import struct
import threading
from pathlib import Path

CERTIFICATE = Path(__file__).parent / "data" / "localhost.pem"
"""Of a server on this machine; it vouches for itself."""
STRANGER = CERTIFICATE.with_name("stranger.pem")
"""The certificate of somebody who vouches for no server here."""

_SIZE = 65536
# What a client of PostgreSQL sends before anything else when it wants TLS.
_TLS_REQUEST = struct.pack("!ii", 8, 80877103)
# What a PostgreSQL that wants TLS answers to one who goes on without.
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
