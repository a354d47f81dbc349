"""The answers that the server itself makes, where no request reaches the application."""

from collections.abc import Iterable
from random import getrandbits

from starlette.responses import Response

from backend.core.problems import Problem
from backend.middleware.cors import Cors, Field
from backend.middleware.headers import protective_fields
from backend.middleware.problems import ProblemResponse


class Refusals:
    """Answers with the header fields that those of the application have.

    Args:
        https_only: Whether browsers shall remember to come by HTTPS only.
        origins: Whose pages may read them.
        prefix: What comes before the service's own paths where the client sees it.
    """

    def __init__(
        self, *, https_only: bool = False, origins: Iterable[str] = (), prefix: str = ""
    ) -> None:
        self._prefix = prefix
        self._fields = protective_fields(https_only=https_only)
        self._cors = Cors(origins)

    def answer(self, problem: Problem, heard: Iterable[Field]) -> Response:
        """The answer to what is no request.

        Args:
            problem: Why.
            heard: Header fields, as far as they have come.
        """
        request_id = f"{getrandbits(96):024x}"
        answer = ProblemResponse(problem, {"request_id": request_id, "root_path": self._prefix})
        answer.headers["x-request-id"] = request_id
        answer.raw_headers += [*self._fields, *self._cors.fields(heard)]
        return answer
