"""How a route reaches the services."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from studio.bootstrap import Studio


async def studio_of(request: Request) -> Studio:
    """The studio this application serves; async, since all others wait for a thread first."""
    studio = request.app.state.studio
    assert isinstance(studio, Studio)
    return studio


StudioNow = Annotated[Studio, Depends(studio_of)]
