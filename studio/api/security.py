"""Who may call: the token, the Origin and Host rules, and the upload limit, for pages and API alike."""

from __future__ import annotations

import hmac
import ipaddress
from http.cookies import SimpleCookie
from urllib.parse import parse_qs, urlencode, urlsplit

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from studio.errors import Forbidden, InvalidInput, StudioError, TooLarge, Unauthorized
from studio.settings import Settings

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
COOKIE_NAME = "studio_token"
MULTIPART_OVERHEAD_BYTES = 1024 * 1024


def is_loopback(host: str) -> bool:
    """True for names and addresses that only this machine can reach.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    if host in {"localhost", ""}:
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def require_token_off_loopback(settings: Settings) -> None:
    """Refuse to serve other machines without a token (InvalidInput)."""
    if not is_loopback(settings.host) and not settings.token:
        raise InvalidInput(
            f"The studio would be open to everyone who can reach {settings.host}, without a token.",
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
        await (answer or self.app)(scope, receive, send)

    def refusal(self, scope: Scope) -> Response | None:
        """The response that ends the request here, or None to let it pass."""
        headers = Headers(scope=scope)
        try:
            self.check_host(headers)
            if scope.get("method", "GET") not in SAFE_METHODS:
                self.check_origin(headers)
            self.check_size(headers)
        except StudioError as error:
            return error_response(error)
        return self.check_token(scope, headers) if self.settings.token else None

    def check_host(self, headers: Headers) -> None:
        """On loopback only loopback names may be asked for, or a web page could reach in by a DNS trick."""
        host = urlsplit("//" + headers.get("host", "")).hostname or ""
        if is_loopback(self.settings.host) and not is_loopback(host):
            raise Forbidden(
                f"The studio on this machine does not answer to the name '{host}'.",
                f"Open http://{self.settings.host}:{self.settings.port} instead.",
            )

    def check_origin(self, headers: Headers) -> None:
        """A page of another site may not change anything here."""
        origin = headers.get("origin")
        if origin is None:
            return
        if urlsplit(origin).netloc != headers.get("host"):
            raise Forbidden(
                f"A request from '{origin}' may not change anything here.",
                "Send it from the studio's own pages, or from a program that sends no Origin.",
            )

    def check_size(self, headers: Headers) -> None:
        """Refuse a body that is larger than the upload limit before it is read."""
        length = headers.get("content-length", "")
        limit = self.settings.max_upload_bytes
        if length.isdigit() and int(length) > limit + MULTIPART_OVERHEAD_BYTES:
            raise TooLarge(
                f"The upload has {int(length) / 1e6:.0f} MB; the limit is {limit / 1e6:.0f} MB.",
                "Send a smaller file, or raise STUDIO_MAX_UPLOAD_MB and start the studio again.",
            )

    def check_token(self, scope: Scope, headers: Headers) -> Response | None:
        """Header, cookie or, once, ?token= in the address (which then becomes a cookie)."""
        scheme, _, sent = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self.is_token(sent):
            return None
        cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE_NAME)
        if cookie is not None and self.is_token(cookie.value):
            return None
        query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
        path = scope.get("path", "/")
        if self.is_token(query.pop("token", [""])[0]):
            rest = urlencode(query, doseq=True)
            response = RedirectResponse(path + ("?" + rest if rest else ""), status_code=303)
            response.set_cookie(COOKIE_NAME, self.settings.token or "", httponly=True, samesite="strict")
            return response
        if path.startswith("/api/") or "text/html" not in headers.get("accept", ""):
            return error_response(
                Unauthorized(
                    "This studio asks for a token.",
                    "Send it as 'Authorization: Bearer TOKEN' (STUDIO_TOKEN).",
                )
            )
        return HTMLResponse(SIGN_IN_PAGE, status_code=401)

    def is_token(self, sent: str) -> bool:
        """Compare in constant time."""
        return bool(sent) and hmac.compare_digest(sent.encode(), (self.settings.token or "").encode())


SIGN_IN_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8">
<title>Encoder Studio</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body{font:16px system-ui,sans-serif;max-width:26rem;margin:18vh auto;padding:0 1rem;
 color-scheme:light dark}
input,button{font:inherit;padding:.6rem;width:100%;box-sizing:border-box;margin-top:.6rem}
</style>
<h1>Encoder Studio</h1><form><label for="token">Token of this studio (ask who started it)</label>
<input id="token" name="token" type="password" autocomplete="current-password" required>
<button>Open</button></form></html>"""
