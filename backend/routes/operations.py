"""What machines ask: alive, ready, metrics."""

from dataclasses import replace

from fastapi import APIRouter, Request, Response

from backend.core.problems import Unavailable
from backend.observability.metrics import exposition
from backend.schemas.health import Live, Ready
from backend.web.route import PublicRoute
from backend.web.terms import PUBLIC, under

router = APIRouter(route_class=PublicRoute, tags=["operations"])


async def live() -> Response:
    """Say that the process answers. Touches nothing else."""
    return Response(Live().model_dump_json(), media_type="application/json")


async def ready(request: Request) -> Response:
    """Say whether requests can be served: database and keys. At most a second old."""
    readiness: Ready = await request.app.state.readiness.check()
    status = 200 if readiness.ready else Unavailable.status
    return Response(readiness.model_dump_json(), status, media_type="application/json")


@under(replace(PUBLIC, offers=None))
async def metrics(request: Request) -> Response:
    """Numbers for Prometheus, of all workers."""
    request.app.state.key_metrics.sample()
    body, media_type = exposition()
    return Response(body, headers={"Content-Type": media_type})


router.add_api_route("/livez", live, methods=["GET"], response_model=Live)
router.add_api_route(
    "/readyz",
    ready,
    methods=["GET"],
    response_model=Ready,
    responses={503: {"model": Ready, "description": "Not ready; the body says why."}},
)
metrics_router = APIRouter(route_class=PublicRoute, tags=["operations"])
metrics_router.add_api_route(
    "/metrics",
    metrics,
    methods=["GET"],
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
