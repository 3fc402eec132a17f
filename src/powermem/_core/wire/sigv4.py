"""Signatures of requests to AWS, version 4.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote, urlsplit

_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class AwsCredentials:
    """The keys of somebody at AWS; temporary ones come with a token."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str | None = field(default=None, repr=False)


def signed_headers(
    credentials: AwsCredentials,
    *,
    region: str,
    service: str,
    host: str,
    target: str,
    body: bytes,
    moment: datetime,
    headers: Mapping[str, str] | None = None,
    method: str = "POST",
) -> dict[str, str]:
    """Return the headers that sign a request.

    Args:
        credentials: whose request it is.
        region: such as ``"us-east-1"``.
        service: such as ``"bedrock"``.
        host: the header ``host``.
        target: path and query, as they are sent.
        body: the body.
        moment: the present, in UTC.
        headers: others that are sent and signed, with names in small letters.
        method: the method.

    Returns:
        ``authorization``, ``x-amz-date`` and, with a token, ``x-amz-security-token``.
    """
    stamp = moment.strftime("%Y%m%dT%H%M%SZ")
    own = {"x-amz-date": stamp}
    if credentials.token:
        own["x-amz-security-token"] = credentials.token
    signed = dict(sorted({"host": host, **(headers or {}), **own}.items()))
    names = ";".join(signed)
    parts = urlsplit(target)
    canonical = "\n".join(
        (
            method,
            # Every service but S3 wants a path that is encoded once more.
            quote(parts.path or "/", safe="/-_.~"),
            "&".join(sorted(parts.query.split("&"))),
            *(f"{name}:{' '.join(value.split())}" for name, value in signed.items()),
            "",
            names,
            hashlib.sha256(body).hexdigest(),
        )
    )
    scope = f"{stamp[:8]}/{region}/{service}/aws4_request"
    text = "\n".join((_ALGORITHM, stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    key = f"AWS4{credentials.secret_key}".encode()
    for part in scope.split("/"):
        key = _hmac(key, part)
    signature = _hmac(key, text).hex()
    own["authorization"] = (
        f"{_ALGORITHM} Credential={credentials.access_key}/{scope}, SignedHeaders={names}, "
        f"Signature={signature}"
    )
    return own


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
