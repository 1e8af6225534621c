"""Who may call: the token, the Origin and Host rules, and the upload limit, for pages and API alike."""

from __future__ import annotations

import hmac
import ipaddress
from urllib.parse import parse_qs, quote, unquote_to_bytes, urlencode, urlsplit

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from studio.api.sign_in import sign_in_page
from studio.api.upload_limit import check_announced, serve_within
from studio.errors import Forbidden, InvalidInput, StudioError, TooLarge, Unauthorized
from studio.settings import Settings

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
COOKIE_NAME = "studio_token"


def is_loopback(host: str) -> bool:
    """True for names and addresses that only this machine can reach.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("0.0.0.0"), is_loopback("")
    (True, True, False, False)
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def require_token_off_loopback(settings: Settings) -> None:
    """Refuse to serve other machines without a token (InvalidInput)."""
    if not is_loopback(settings.host) and not settings.token:
        raise InvalidInput(
            "The studio would be open to everyone who can reach "
            f"{settings.host or 'every address of this machine'}, without a token.",
            "Set STUDIO_TOKEN to a long random text, or use --host 127.0.0.1.",
        )


def error_response(error: StudioError) -> JSONResponse:
    """The one JSON shape of errors."""
    body: dict[str, object] = {"code": error.code, "message": error.message, "hint": error.hint}
    if error.problems:
        body["problems"] = [problem.to_json() for problem in error.problems]
    return JSONResponse({"error": body}, status_code=error.http_status)


class SecurityMiddleware:
    """Checks every request, of the pages too, before anything else sees it."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        answer = self.refusal(scope)
        if answer is not None:
            await answer(scope, receive, send)
            return
        try:
            await serve_within(self.app, self.settings.max_upload_bytes, scope, receive, send)
        except TooLarge as error:
            await error_response(error)(scope, receive, send)

    def refusal(self, scope: Scope) -> Response | None:
        """The response that ends the request here, or None to let it pass."""
        headers = Headers(scope=scope)
        try:
            self.check_host(headers)
            if scope.get("method", "GET") not in SAFE_METHODS:
                self.check_origin(headers)
            check_announced(headers, self.settings.max_upload_bytes)
        except StudioError as error:
            return error_response(error)
        return self.check_token(scope, headers) if self.settings.token else None

    def check_host(self, headers: Headers) -> None:
        """On loopback only loopback names may be asked for, or a web page could reach in by a DNS trick.

        A request without a name comes from no browser, and passes.
        """
        sent = headers.get("host")
        if not sent or not is_loopback(self.settings.host):
            return
        if not is_loopback(name_in(sent)):
            raise Forbidden(
                f"The studio on this machine does not answer to the name '{sent}'.",
                f"Open http://{self.settings.host}:{self.settings.port} instead.",
            )

    def check_origin(self, headers: Headers) -> None:
        """A page of another site may not change anything here."""
        origin = headers.get("origin")
        if origin is None:
            return
        if origin.partition("://")[2] != headers.get("host"):
            raise Forbidden(
                f"A request from '{origin}' may not change anything here.",
                "Send it from the studio's own pages, or from a program that sends no Origin.",
            )

    def check_token(self, scope: Scope, headers: Headers) -> Response | None:
        """Header, cookie or, once, ?token= in the address (which then becomes a cookie)."""
        scheme, _, sent = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self.is_token(sent.encode("latin-1")):
            return None
        cookie = cookie_parser(headers.get("cookie", "")).get(COOKIE_NAME, "")
        if self.is_token(unquote_to_bytes(cookie.encode("latin-1"))):
            return None
        query = parse_qs(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
        path = scope.get("path", "/")
        if self.is_token(query.pop("token", [""])[0].encode()):
            # One slash: two would lead to another host.
            address = quote("/" + path.lstrip("/")) + ("?" + urlencode(query, doseq=True) if query else "")
            response = RedirectResponse(address, status_code=303)
            value = quote(self.settings.token or "", safe="")
            response.set_cookie(COOKIE_NAME, value, httponly=True, samesite="strict")
            return response
        if path.startswith("/api/") or "text/html" not in headers.get("accept", ""):
            return error_response(
                Unauthorized(
                    "This studio asks for a token.",
                    "Send it as 'Authorization: Bearer TOKEN' (STUDIO_TOKEN).",
                )
            )
        return HTMLResponse(sign_in_page(query), status_code=401)

    def is_token(self, sent: bytes) -> bool:
        """Compare in constant time."""
        return bool(sent) and hmac.compare_digest(sent, (self.settings.token or "").encode())


def name_in(host: str) -> str:
    """The name in a Host header, without its port; nothing where it cannot be read.

    >>> name_in("localhost:7860"), name_in("[::1]:7860"), name_in("[::1")
    ('localhost', '::1', '')
    """
    try:
        return urlsplit("//" + host).hostname or ""
    except ValueError:
        return ""
