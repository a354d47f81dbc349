"""What the process holds open."""

from typing import Annotated

from fastapi import Depends, Request

from backend.resources import Resources


def resources(request: Request) -> Resources:
    """The resources of the application that serves the request."""
    held: Resources = request.app.state.resources
    return held


Held = Annotated[Resources, Depends(resources)]
