"""The account for showing: signed up with Better Auth as anybody is, with tasks by `duly seed`."""

import http.client
import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

from scripts.demo.parts import DemoFailed

_EMAIL: Final = "demo@example.com"
_SECONDS: Final = 30.0


def make(frontend: str, password: str, seed: Callable[[str], None]) -> str:
    """Sign up, unless it was done before, and give it tasks.

    Args:
        frontend: The origin of the application.
        password: Of the account.
        seed: Makes tasks for the user of this id.

    Returns:
        How to sign in.

    Raises:
        DemoFailed: when it could not be made.
    """
    told = {"name": "Demo", "email": _EMAIL, "password": password}
    status, answer = _post(frontend, "/api/auth/sign-up/email", told)
    words = f"Sign in as {_EMAIL} with the password {password}"
    if answer.get("code", "").startswith("USER_ALREADY_EXISTS"):
        return f"{words} (that account has its tasks from before)."
    if status != HTTPStatus.OK:
        raise DemoFailed(f"Better Auth made no account {_EMAIL} ({status}): {answer}")
    seed(answer["user"]["id"])
    return f"{words}."


def _post(origin: str, path: str, body: dict[str, str]) -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection(origin.removeprefix("http://"), timeout=_SECONDS)
    try:
        headers = {"Content-Type": "application/json", "Origin": origin}
        connection.request("POST", path, json.dumps(body), headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    except (OSError, ValueError) as error:
        raise DemoFailed(f"Better Auth did not answer {path}: {error}") from None
    finally:
        connection.close()
