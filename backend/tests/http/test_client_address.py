"""Where a request comes from: in the log only if a trusted proxy says so."""

from collections.abc import Iterator

import pytest

from backend.config import Settings
from backend.tests.support.program import ServedProgram, serve
from backend.tests.support.raw_http import request, send

SAID: dict[str, str | None] = {
    "X-Forwarded-For: 198.51.100.7, 203.0.113.9": "203.0.113.9",
    "X-Forwarded-For: 203.0.113.9:4711": "203.0.113.9",
    "X-Forwarded-For: 2001:db8:1:2:3::4": "2001:db8:1:2::/64",
    "Forwarded: for=203.0.113.9;proto=https": "203.0.113.9",
    "X-Forwarded-For: " + "9" * 5_000: "127.0.0.1",
    "X-Real-IP: 203.0.113.9": "127.0.0.1",
    "Via: 1.1 somebody": "127.0.0.1",
}


@pytest.fixture(scope="module")
def behind_proxy(
    settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServedProgram]:
    directory = tmp_path_factory.mktemp("behind-proxy")
    with serve(settings, directory, TRUSTED_PROXIES="127.0.0.1", WORKERS="1") as running:
        yield running


@pytest.mark.parametrize("line", SAID, ids=lambda line: line[:40])
def test_the_log_has_whom_a_trusted_proxy_names(line: str, behind_proxy: ServedProgram) -> None:
    answer = send(behind_proxy.url, request("GET", "/nowhere", line))
    logged = behind_proxy.find_log(request_id=answer.headers["x-request-id"])
    assert logged["client"] == SAID[line]


def test_without_trusted_proxies_the_log_has_nobodys_address(program: ServedProgram) -> None:
    answer = send(program.url, request("GET", "/nowhere", "X-Forwarded-For: 203.0.113.9"))
    program.find_log(request_id=answer.headers["x-request-id"])
    assert "203.0.113.9" not in program.output()
    assert all("client" not in line for line in program.log() if line.get("event") == "request")
