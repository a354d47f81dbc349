"""`/problems/{code}`: what an error's `type` leads to."""

from typing import Annotated

from fastapi import Path, Response

from backend.core.problems import NotFound, Problem
from backend.schemas.problem import ProblemExplanation
from backend.web import answers
from backend.web.route import PublicRoute, StrictRouter

router = StrictRouter("problems", PublicRoute)


@router.get("/problems/{code}", response_model=ProblemExplanation)
async def explain_problem(
    code: Annotated[str, Path(description="The `code` of an error.", examples=["not_found"])],
) -> Response:
    """Say what an error means and how to mend it."""
    kind = Problem.registry.get(code)
    if kind is None:
        raise NotFound
    explanation = ProblemExplanation(
        code=kind.code,
        status=kind.status,
        title=kind.title,
        meaning=kind.meaning,
        remedy=kind.remedy,
    )
    return answers.model(explanation)
