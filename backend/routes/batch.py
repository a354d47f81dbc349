"""`/api/tasks/batch`: many tasks in one request."""

from typing import Any, Final

from fastapi import Request, Response

from backend.core.problems import (
    Conflict,
    Entangled,
    Misplaced,
    NotFound,
    Problem,
    TooManyMatches,
    TooManyTasks,
    UnexpectedCount,
    ValidationFailed,
)
from backend.dependencies.conditions import ExpectedVersions, run_all_if, run_if
from backend.dependencies.database import CallerSession
from backend.dependencies.rates import Counted
from backend.schemas.batch import (
    Batch,
    BatchAnswer,
    BatchChange,
    BatchChanged,
    BatchOperation,
    BatchOperations,
    DeleteOperation,
)
from backend.services import tasks
from backend.web import answers, fields, reading
from backend.web.refusals import refuses
from backend.web.route import OwnedRoute, StrictRouter
from backend.web.terms import under

router = StrictRouter("tasks", OwnedRoute)

_LARGEST: Final = 1_048_576  # bytes: a hundred tasks of ten thousand characters each
_SECONDS: Final = 8.0  # for a call each, when many fail; less than what proxies and clients wait
# Where in an operation is what would be the body of a request of its own.
_BODIES: Final = {"create": "/task", "update": "/patch"}


@router.post("/api/tasks/batch", response_model=BatchAnswer)
@under(largest_body=_LARGEST, deadline=_SECONDS)
@refuses(UnexpectedCount, TooManyMatches, NotFound, Conflict, Misplaced, Entangled, TooManyTasks)
async def batch_tasks(
    request: Request, db: CallerSession, batch: Batch, versions: ExpectedVersions, count: Counted
) -> Response:
    """Do several things at once: listed operations, or one change of what a filter finds.

    Operations are each answered as its own request would be, in their order, with 200 over all; one
    that fails leaves the others alone, unless the batch is `atomic`. Ids that one of them makes may
    be used by those after it. For rate limits each counts as a request.

    A change takes effect on all tasks that its filter finds, at most 10 000, or on none. Completing
    leaves out those that recur.
    """
    wish = batch.root
    await count(wish.cost)
    if isinstance(wish, BatchChange):
        return answers.model(BatchChanged(changed=await _change(db, wish, versions)))
    return answers.results(request, await _run(db, wish, versions))


async def _change(db: CallerSession, wish: BatchChange, versions: ExpectedVersions) -> int:
    try:
        return await run_if(db, versions, tasks.change_tasks(wish))
    except Problem as problem:
        problem.move("/change")
        raise


async def _run(
    db: CallerSession, wish: BatchOperations, versions: ExpectedVersions
) -> list[answers.Result]:
    """What became of the operations.

    Raises:
        Problem: if they are atomic, that of the first one that failed.
        ValidationFailed: for a condition, if they are not: it would have to hold for some of them.
    """
    operations = [tasks.batch_operation(each) for each in wish.operations]
    if versions is not None and not wish.atomic:
        detail = "Send `atomic`, or `if_match` with each operation."
        raise ValidationFailed(errors=[reading.condition(fields.IF_MATCH, detail)])
    try:
        found = (
            await db.run_all(operations, atomic=wish.atomic)
            if versions is None
            else await run_all_if(db, versions, operations)
        )
    except Problem as problem:
        if problem.position is not None:
            _place(problem, problem.position, wish.operations[problem.position])
        raise
    pairs = zip(wish.operations, found, strict=True)
    return [_result(place, each, answer) for place, (each, answer) in enumerate(pairs)]


def _result(place: int, operation: BatchOperation, answer: Any) -> answers.Result:
    if isinstance(answer, Problem):
        _place(answer, place, operation)
        return answer.status, answer
    if operation.op == "create":
        _, created = answer
        return 201, created
    return (204, None) if isinstance(operation, DeleteOperation) else (200, answer)


def _place(problem: Problem, place: int, operation: BatchOperation) -> None:
    problem.position = place
    problem.move(f"/operations/{place}{_BODIES.get(operation.op, '')}")
