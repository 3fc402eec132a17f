"""Who asks: credentials for Amazon's and Google's clouds. All of it blocks, and is called on threads."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from importlib import import_module
from typing import Any, NamedTuple

from .._core.hints.extras import pip_install
from .._core.wire.sigv4 import AwsCredentials, signed_headers
from ..errors import ConfigError

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"


class _Reply(NamedTuple):
    status: int
    headers: Mapping[str, str]
    data: bytes


class AwsSigner:
    """Signs requests to a service of AWS.

    Args:
        region: of the service.
        service: its name in signatures.
        credentials: whose; ``None`` to let botocore find them, in a profile or a role.
        profile: the profile that botocore uses.

    Raises:
        ConfigError: there are no credentials, or botocore is not installed.
    """

    def __init__(
        self, region: str, service: str, credentials: AwsCredentials | None, profile: str | None = None
    ) -> None:
        self._region = region
        self._service = service
        self._found: Any = None
        self._credentials = credentials
        if credentials is None:
            self._found = _found_by_botocore(profile)

    def __call__(self, host: str, target: str, body: bytes) -> Mapping[str, str]:
        """Return the headers that sign a request; see ``signed_headers``."""
        credentials = self._credentials
        if credentials is None:
            # botocore renews them before they expire.
            frozen = self._found.get_frozen_credentials()
            credentials = AwsCredentials(frozen.access_key, frozen.secret_key, frozen.token)
        return signed_headers(
            credentials,
            region=self._region,
            service=self._service,
            host=host,
            target=target,
            body=body,
            moment=datetime.now(timezone.utc),
        )


def _found_by_botocore(profile: str | None) -> Any:
    ways = "set aws_access_key_id and aws_secret_access_key, or AWS_BEARER_TOKEN_BEDROCK"
    try:
        session, exceptions = import_module("botocore.session"), import_module("botocore.exceptions")
    except ImportError:
        raise ConfigError(
            f"embedder.config: no AWS credentials; {ways}; for profiles and roles run: "
            f"{pip_install('bedrock')}"
        ) from None
    try:
        found = session.Session(profile=profile).get_credentials()
    except exceptions.BotoCoreError as error:
        raise ConfigError(f"embedder.config.aws_profile: {error}") from None
    if found is None:
        raise ConfigError(f"embedder.config: no AWS credentials; {ways}, or a profile or a role")
    return found


class GoogleTokens:
    """Returns tokens for Google's cloud, each until it expires.

    Args:
        path: the JSON file of a service account or other credentials; ``None`` for the application default
            credentials.

    Attributes:
        project: the project that the credentials name, if any.

    Raises:
        ConfigError: google-auth is not installed, or there are no credentials.
    """

    def __init__(self, path: str | None = None) -> None:
        try:
            auth, exceptions = import_module("google.auth"), import_module("google.auth.exceptions")
        except ImportError:
            raise ConfigError(
                f"embedder.provider 'vertexai' needs google-auth: run {pip_install('vertex')}"
            ) from None
        self._failure: Callable[[Exception], Exception] = exceptions.TransportError
        try:
            if path is None:
                self._credentials, self.project = auth.default(scopes=[_SCOPE])
            else:
                with warnings.catch_warnings():
                    # It warns of files that others have written; this one is the user's.
                    warnings.simplefilter("ignore", DeprecationWarning)
                    found = auth.load_credentials_from_file(path, scopes=[_SCOPE])
                self._credentials, self.project = found
        except (exceptions.DefaultCredentialsError, OSError) as error:
            raise ConfigError(f"embedder.config.vertex_credentials_json: {error}") from None
        self._lock = threading.Lock()

    def __call__(self) -> str:
        """Return a token that is valid for some minutes at least."""
        with self._lock:
            if not self._credentials.valid:
                self._credentials.refresh(self._transport)
            return str(self._credentials.token)

    def _transport(
        self,
        url: str,
        method: str = "GET",
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        **more: Any,
    ) -> _Reply:
        """Send a request of google-auth, which has no client of its own that we already have."""
        import httpx

        del more
        try:
            reply = httpx.request(method, url, content=body, headers=headers, timeout=timeout or 60.0)
        except httpx.HTTPError as error:
            raise self._failure(error) from error
        return _Reply(reply.status_code, reply.headers, reply.content)
