"""Settings with a main issuer and two more."""

from typing import Any

from backend.config import Settings
from backend.tests.support.people import ORIGIN

PREVIEW, MOBILE = "https://preview.example.com", "https://mobile.example.com"


def entry(name: str, issuer: str, audience: object, url: str | None = None) -> dict[str, Any]:
    url = url or f"{issuer}/api/auth/jwks"
    return {"name": name, "issuer": issuer, "audience": audience, "jwks_url": url}


ENTRIES = [entry("preview", PREVIEW, PREVIEW), entry("mobile", MOBILE, ["app", "tablet"])]


def configured(**changes: Any) -> Settings:
    return Settings(
        _env_file=None, **{"better_auth_url": ORIGIN, "auth_issuers": ENTRIES, **changes}
    )
