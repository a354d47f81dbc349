"""The OpenAPI document, as `duly openapi` prints it."""

import json

from pydantic import SecretStr

from backend.config import Settings
from backend.main import create_app


def page() -> str:
    """JSON, indented."""
    settings = Settings(_env_file=None, database_url=SecretStr("postgresql://"))
    return json.dumps(create_app(settings).openapi(), indent=2) + "\n"
