"""What machines ask: alive, ready, metrics."""

from fastapi import Response

from backend.core.problems import Unavailable
from backend.dependencies.resources import Held
from backend.observability.metrics import exposition
from backend.schemas.health import Live, Ready
from backend.web import answers
from backend.web.route import PublicRoute, StrictRouter
from backend.web.terms import under

router = StrictRouter("operations", PublicRoute)
metrics_router = StrictRouter("operations", PublicRoute)


@router.get("/livez", response_model=Live)
async def live() -> Response:
    """Say that the process answers. Touches nothing else."""
    return answers.model(Live())


@router.get(
    "/readyz",
    response_model=Ready,
    responses={503: {"model": Ready, "description": "Not ready; the body says why."}},
)
async def ready(held: Held) -> Response:
    """Say whether requests can be served: database and keys. At most a second old."""
    readiness = await held.readiness.check()
    return answers.model(readiness, 200 if readiness.ready else Unavailable.status)


@metrics_router.get(
    "/metrics", responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}
)
@under(offers=None)
async def metrics(held: Held) -> Response:
    """Numbers for Prometheus, of all workers."""
    held.sampler.sample()
    return Response(exposition.text(), headers={"Content-Type": exposition.media_type})
