"""The document under test, as the running service serves it."""

import httpx2
import pytest

from backend.tests.support.document import Document
from backend.tests.support.people import NO_TLS
from backend.tests.support.service import Service


@pytest.fixture(scope="session")
def document(service: Service) -> Document:
    answer = httpx2.get(f"{service.url}/openapi.json", verify=NO_TLS, trust_env=False, timeout=60)
    assert answer.status_code == 200
    return Document(answer.json())
