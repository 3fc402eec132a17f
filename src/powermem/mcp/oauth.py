"""OAuth as a resource server: access tokens that another server issued, as JSON Web Tokens."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Any

import anyio
import httpx
import jwt
from mcp.server.auth.settings import AuthSettings

from ..errors import ConfigError
from .callers import ScopedToken

_logger = logging.getLogger("powermem.mcp")

# Signatures only: with a shared secret, whoever can verify a token could issue one.
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
_METADATA = ("/.well-known/oauth-authorization-server", "/.well-known/openid-configuration")
_TIMEOUT = 10.0
# Seconds. A token with an unknown key makes us ask for the keys again, but not more often than this.
_PATIENCE = 60.0
# Seconds that the clocks of two machines may differ.
_LEEWAY = 30


class JwtVerifier:
    """Verifies the access tokens of an authorization server; pass it to ``create_server`` with ``settings``.

    The keys are those that the authorization server publishes. A token must be signed by one of them, name
    the issuer and this server, have an end and a subject.

    Args:
        issuer: the address of the authorization server, exactly as its tokens name it.
        resource: the address of this server, such as ``"https://memory.example.com/mcp"``; tokens must be
            issued for it.
        user_claim: the claim that becomes the user's id.
        required_scopes: scopes that a token must have.
        write_scope: the scope without which a token may only read; by default any token may write.
        jwks_url: where the keys are; by default, where the metadata of the issuer says.
    """

    def __init__(
        self,
        issuer: str,
        resource: str,
        *,
        user_claim: str = "sub",
        required_scopes: Sequence[str] = (),
        write_scope: str | None = None,
        jwks_url: str | None = None,
    ) -> None:
        for name, value in (("issuer", issuer), ("resource", resource), ("jwks_url", jwks_url or "https://")):
            if not value.startswith(("https://", "http://127.0.0.1", "http://localhost", "http://[::1]")):
                raise ConfigError(f"{name}: expected an address that begins with https://, got {value!r}")
        self._issuer = issuer
        self._resource = resource
        self._user_claim = user_claim
        self._required_scopes = list(required_scopes)
        self._write_scope = write_scope
        self._jwks_url = jwks_url
        self._keys: dict[str | None, jwt.PyJWK] = {}
        self._asked = float("-inf")
        self._lock: anyio.Lock | None = None

    @property
    def settings(self) -> AuthSettings:
        """What ``create_server`` takes as ``auth``."""
        # From text: an issuer is compared as text, to which a URL object would add a slash.
        return AuthSettings.model_validate(
            {
                "issuer_url": self._issuer,
                "resource_server_url": self._resource,
                "required_scopes": self._required_scopes or None,
                "validate_token_resource": True,
            }
        )

    async def verify_token(self, token: str) -> ScopedToken | None:
        """Return what a token allows, or ``None`` if it is not valid here."""
        try:
            header = jwt.get_unverified_header(token)
            key = await self._key(header.get("kid"))
            if key is None or header.get("alg") not in _ALGORITHMS:
                return None
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=_ALGORITHMS,
                issuer=self._issuer,
                audience=self._audiences(),
                leeway=_LEEWAY,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except jwt.PyJWTError as error:
            _logger.info("refused a token: %s", type(error).__name__)
            return None
        except httpx.HTTPError as error:
            _logger.warning("cannot get the keys of %s: %s", self._issuer, type(error).__name__)
            return None
        return self._access(token, claims)

    def _audiences(self) -> list[str]:
        bare = self._resource.rstrip("/")
        return [bare, f"{bare}/"]

    def _access(self, token: str, claims: Mapping[str, Any]) -> ScopedToken | None:
        user = claims.get(self._user_claim)
        if not isinstance(user, str) or not user.strip():
            _logger.warning("refused a token without the claim %s", self._user_claim)
            return None
        given = claims.get("scope", claims.get("scp", ""))
        scopes = given.split() if isinstance(given, str) else [str(each) for each in given]
        return ScopedToken(
            token=token,
            client_id=str(claims.get("client_id") or claims.get("azp") or claims["sub"]),
            scopes=scopes,
            # Its end was checked with leeway.
            expires_at=int(claims["exp"]) + _LEEWAY,
            resource=self._resource,
            subject=claims["sub"],
            claims={"iss": self._issuer},
            user_id=user,
            may_write=self._write_scope is None or self._write_scope in scopes,
        )

    async def _key(self, key_id: str | None) -> jwt.PyJWK | None:
        # A lock belongs to an event loop, which there need not be when the verifier is made.
        self._lock = self._lock or anyio.Lock()
        async with self._lock:
            if key_id not in self._keys and monotonic() - self._asked >= _PATIENCE:
                self._asked = monotonic()
                self._keys = await self._fetch()
        if key_id is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(key_id)

    async def _fetch(self) -> dict[str | None, jwt.PyJWK]:
        async with httpx.AsyncClient(timeout=_TIMEOUT, trust_env=True) as client:
            url = self._jwks_url or await self._find(client)
            answer = await client.get(url)
            answer.raise_for_status()
            return {key.key_id: key for key in jwt.PyJWKSet.from_dict(answer.json()).keys}

    async def _find(self, client: httpx.AsyncClient) -> str:
        """Return where the keys are, by the metadata of the issuer (RFC 8414, OpenID Connect Discovery)."""
        base = httpx.URL(self._issuer)
        path = base.path.rstrip("/")
        urls = [base.copy_with(path=_METADATA[0] + path), base.copy_with(path=_METADATA[1] + path)]
        urls.append(base.copy_with(path=path + _METADATA[1]))
        for url in dict.fromkeys(urls):
            answer = await client.get(url)
            if answer.status_code != httpx.codes.OK:
                continue
            document = answer.json()
            if document.get("issuer") == self._issuer and isinstance(document.get("jwks_uri"), str):
                return str(document["jwks_uri"])
        raise httpx.UnsupportedProtocol(f"{self._issuer} publishes no metadata with its keys")
