"""The API's application: routes, the shape of errors, and OpenAPI."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.endpoints import HTTPEndpoint
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from jobs.errors import CannotWrite
from studio import __version__
from studio.api import dataset_rows, datasets, jobs, metrics, models, system
from studio.api.schemas import ErrorAnswer
from studio.api.security import error_response
from studio.bootstrap import Studio
from studio.errors import InvalidInput, NotFound, StudioError, Unavailable

PREFIX = "/api/v1"
JSON_HINT = (
    f"Send JSON in UTF-8 with the header Content-Type: application/json; {PREFIX}/openapi.json describes it."
)
ROUTERS = (system.router, datasets.router, dataset_rows.router, jobs.router, models.router)

# Said here, or FastAPI describes a shape of its own that is never sent.
ERRORS: dict[int | str, dict[str, object]] = {
    "4XX": {
        "model": ErrorAnswer,
        "description": "400, 401, 404, 409, 413 or 422: the request cannot be done.",
    },
    "503": {"model": ErrorAnswer, "description": "The studio cannot do it now."},
}

log = logging.getLogger(__name__)


def build_api(studio: Studio) -> FastAPI:
    """An application that serves the API; pages are mounted on it later."""
    application = FastAPI(
        title="Encoder Studio",
        version=__version__,
        description="The same verbs as the pages and the command line.",
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
        responses=ERRORS,
    )
    application.state.studio = studio
    for router in ROUTERS:
        application.include_router(router, prefix=PREFIX)
    application.include_router(metrics.router)
    application.add_route("/api/{rest:path}", NothingThere, include_in_schema=False)
    application.add_exception_handler(StudioError, answer_studio_error)
    application.add_exception_handler(CannotWrite, answer_cannot_write)
    application.add_exception_handler(RequestValidationError, answer_invalid_request)
    application.add_exception_handler(HTTPException, answer_http_error)
    application.add_exception_handler(Exception, answer_unexpected)
    return application


class NothingThere(HTTPEndpoint):
    """No route has this address or method; said here, since the pages answer whatever the API leaves."""

    async def dispatch(self) -> None:
        """Refuse, whatever the method."""
        raise NotFound(
            f"There is nothing at {self.scope['method']} {self.scope['path']}.",
            f"{PREFIX}/openapi.json lists what there is.",
        )


async def answer_studio_error(_: Request, error: Exception) -> JSONResponse:
    """The message and hint of an error meant for people."""
    assert isinstance(error, StudioError)
    return error_response(error)


async def answer_cannot_write(_: Request, error: Exception) -> JSONResponse:
    """Why the database takes nothing now."""
    assert isinstance(error, CannotWrite)
    return error_response(Unavailable(error.message, error.hint))


async def answer_invalid_request(request: Request, error: Exception) -> JSONResponse:
    """Which field of the request does not fit, or that its body as a whole is none."""
    assert isinstance(error, RequestValidationError)
    wrong = error.errors()
    whole = next((item for item in wrong if item["loc"] == ("body",) or item["type"] == "json_invalid"), None)
    if whole is not None:
        return error_response(InvalidInput(describe_body(whole, request), JSON_HINT))
    parts = [f"{'.'.join(str(step) for step in item['loc'][1:])}: {item['msg']}" for item in wrong]
    return error_response(
        InvalidInput(
            f"The request does not fit: {'; '.join(parts)}.",
            f"{PREFIX}/openapi.json describes every request.",
        )
    )


def describe_body(item: Mapping[str, Any], request: Request) -> str:
    """Why a body is not the JSON object that the route reads."""
    if item["type"] == "json_invalid":
        return f"The body is not JSON: {item['ctx']['error']} (character {item['loc'][-1]})."
    if item["type"] == "missing":
        return "The request has no body."
    sent = request.headers.get("content-type")
    if sent is None:
        return "The body was not read as JSON: the request has no header Content-Type."
    if "json" not in sent.lower():
        return f"The body was not read as JSON: the request has the header Content-Type: {sent[:80]}."
    return "The body is JSON, but no object, which stands in { }."


async def answer_http_error(request: Request, error: Exception) -> JSONResponse:
    """What the frameworks refuse, in the same shape."""
    assert isinstance(error, HTTPException)
    message, hint = str(error.detail), f"See {PREFIX}/openapi.json."
    if isinstance(error.__cause__, UnicodeDecodeError):
        message, hint = "The body is not text in UTF-8.", JSON_HINT
    body = {"code": "http_error", "message": message, "hint": hint}
    return JSONResponse({"error": body}, status_code=error.status_code, headers=error.headers)


async def answer_unexpected(request: Request, error: Exception) -> JSONResponse:
    """A sentence instead of a stack trace, which goes to the log."""
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    body = {
        "code": "internal",
        "message": "The studio could not answer this request; this is a fault of the studio.",
        "hint": "The studio's log says more. Please report it with what you sent.",
    }
    return JSONResponse({"error": body}, status_code=503)
