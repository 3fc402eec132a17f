"""Explanations of connection errors, with advice."""

from __future__ import annotations

import errno
import ipaddress
import socket
import ssl

from .endpoint import Endpoint
from .secret import shorten

_STARTING = {
    "ollama": "is Ollama running? start it with `ollama serve`",
    "lmstudio": "is LM Studio running? start the server on its developer page",
    "vllm": "is vLLM running? start it with `vllm serve MODEL`",
}
_SAID = {
    "refused": ("connection refused", f"[errno {errno.ECONNREFUSED}]", "connect call failed"),
    "name": ("name or service not known", "nodename nor servname", "getaddrinfo failed", "name resolution",
             "no address associated", f"[errno {socket.EAI_NONAME}]"),
    "network": ("network is unreachable", "no route to host"),
}  # fmt: skip


def explain_connection(endpoint: Endpoint, error: BaseException, proxy: str = "") -> tuple[str, bool]:
    """Return why a connection could not be made or broke, and whether a retry may succeed.

    Args:
        endpoint: the address of the request.
        error: the error of the HTTP library; its cause is the operating system's error.
        proxy: address of the proxy that was used, or empty.
    """
    cause = error.__cause__
    text = shorten(endpoint.scrub(str(error) or str(cause or ""))) or "the connection failed"
    tls = cause if isinstance(cause, ssl.SSLError) else error if isinstance(error, ssl.SSLError) else None
    whole = f"{endpoint.provider} at {endpoint.address}"
    if tls is not None or "ssl" in text.lower() or "certificate" in text.lower():
        return f"{whole}: {_tls(tls, text)}", not isinstance(tls, ssl.SSLCertVerificationError)
    if proxy:
        return (
            f"{whole}: the proxy {proxy}, named by HTTP_PROXY, HTTPS_PROXY or ALL_PROXY in the environment, "
            f"could not be used: {text}; is it right and running? NO_PROXY={endpoint.host} leaves it out"
        ), True
    return f"{whole}: {_plain(endpoint, cause, text)}", True


def _is_loopback(host: str) -> bool:
    if host in ("localhost", "0.0.0.0") or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _plain(endpoint: Endpoint, cause: BaseException | None, text: str) -> str:
    if isinstance(cause, socket.gaierror) or _says(text, "name"):
        return f"the host name {endpoint.host!r} was not found; check base_url and the network ({text})"
    if isinstance(cause, ConnectionRefusedError) or _says(text, "refused"):
        if not _is_loopback(endpoint.host):
            return (
                "the connection was refused; is the server running, and are host and port of base_url right?"
            )
        asked = _STARTING.get(endpoint.provider, "is the server running, and is the port of base_url right?")
        return f"the connection was refused: nothing listens there; {asked}"
    if _says(text, "network"):
        return f"{text}; check the network and base_url"
    return text


def _tls(error: ssl.SSLError | None, text: str) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        why = error.verify_message or "not trusted"
        if "mismatch" in why.lower() or "not valid for" in why.lower():
            return f"its TLS certificate is for another host ({why}); check the host in base_url"
        return (
            f"certificate verify failed ({why}); if the certificate is your own, set SSL_CERT_FILE in the "
            "environment to a file with the certificate of its authority"
        )
    if "WRONG_VERSION_NUMBER" in text.upper().replace(" ", "_") or "RECORD_LAYER" in text.upper():
        return f"the server does not speak TLS at this port; is it http:// in base_url? ({text})"
    return f"TLS failed: {text}"


def _says(text: str, kind: str) -> bool:
    said = text.lower()
    return any(words in said for words in _SAID[kind])
