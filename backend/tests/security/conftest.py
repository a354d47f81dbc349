"""The service under attack, and its clocks."""

import pytest
from hypothesis import settings as hypothesis_settings

from backend.config import Settings
from backend.security.keys.sources import StaticKeySet
from backend.security.signing import Issuer
from backend.security.tokens.verifier import TokenVerifier
from backend.tests.security.source import Source
from backend.tests.support.target import ISSUER, Target

# For `--hypothesis-profile=thorough`; here, since it must exist before any test is collected.
hypothesis_settings.register_profile("thorough", max_examples=3000, deadline=None)


@pytest.fixture(scope="session")
def target() -> Target:
    return Target()


@pytest.fixture(scope="session")
def issuer(target: Target) -> Issuer:
    return target.ed


@pytest.fixture
def settings() -> Settings:
    return Settings(better_auth_url=ISSUER)


@pytest.fixture
def verifier(settings: Settings, target: Target) -> TokenVerifier:
    keys = [issuer.verification_key for issuer in (target.ed, target.ec, target.rsa)]
    return TokenVerifier(settings, StaticKeySet(keys))


@pytest.fixture
def source() -> Source:
    return Source(Issuer.generate())
