"""The changelog names what somebody who upgrades may use: every route, setting and command."""

import re

from pydantic import SecretStr

from backend import cli
from backend.config import Settings, secret_names
from backend.main import create_app
from backend.tests.docs.markdown import DOCUMENTS, spans
from backend.tests.support.paths import operations

CHANGELOG = DOCUMENTS["CHANGELOG.md"]
NAMED = set(spans(CHANGELOG))


def test_every_route_is_named_with_its_method() -> None:
    app = create_app(Settings(_env_file=None, database_url=SecretStr("postgresql://")))
    served = {str(each) for each in operations(app) if each.method != "HEAD"}
    assert "GET /api/tasks" in served
    # The routes that name the caller are the same ones, said once.
    assert {route.replace("/api/{user_id}/", "/api/") for route in served} - NAMED == set()
    assert any(name.startswith("/api/{user_id}/") for name in NAMED)


def test_every_setting_is_named() -> None:
    assert {field.upper() for field in Settings.model_fields} - NAMED == set()


def test_every_file_of_a_secret_is_named() -> None:
    assert {f"{name.upper()}_FILE" for name in secret_names()} - NAMED == set()


def test_every_command_is_named() -> None:
    names = {
        f"duly {command.name or getattr(command.callback, '__name__', '')}"
        for command in cli.app.registered_commands
    }
    assert names - NAMED == set()


def test_versions_stand_newest_first_with_their_dates() -> None:
    first, *others = re.findall(r"^## (.+)$", CHANGELOG, re.MULTILINE)
    assert first == "[Unreleased]"
    dates = [re.fullmatch(r"\[\d+\.\d+\.\d+\] - (\d{4}-\d\d-\d\d)", each) for each in others]
    assert all(dates), others
    assert [each[1] for each in dates if each] == sorted(
        (each[1] for each in dates if each), reverse=True
    )
