"""Cross-origin requests: which pages may call the API, and what they may send (Fetch standard)."""

import re
from collections.abc import Iterable
from typing import Final

from starlette.responses import Response
from starlette.types import Scope

from backend.core.problems import OriginRefused
from backend.web.fields import header

Field = tuple[bytes, bytes]

_METHODS: Final = ("GET", "HEAD", "POST", "PATCH", "PUT", "DELETE")
# What the API reads; always in the answer, so that a browser asks once for all of them.
_READ: Final = (
    *("Accept", "Accept-Language", "Authorization", "Content-Language", "Content-Type"),
    *("Idempotency-Key", "If-Match", "If-Modified-Since", "If-None-Match", "If-Unmodified-Since"),
    *("Last-Event-ID", "Prefer", "Range", "X-Request-Id"),
)
# What else comes with requests, although nobody here reads it: it must not stop them.
_CARRIED: Final = frozenset(
    {
        # Monitoring in the browser: W3C and OpenTelemetry, Sentry, Elastic; Zipkin, Jaeger
        *("traceparent", "tracestate", "baggage", "sentry-trace", "elastic-apm-traceparent"),
        *("b3", "uber-trace-id"),
        # New Relic, Dynatrace, AppDynamics, AWS, Google, Azure, SkyWalking, Splunk
        *("newrelic", "x-dtc", "x-dtpc", "x-dtreferer", "adrum", "adrum_1", "adrum_2"),
        *("x-amzn-trace-id", "x-cloud-trace-context", "request-id", "request-context", "sw8"),
        *("x-trace-id", "x-span-id", "x-correlation-id", "correlation-id", "x-session-id"),
        # HTTP clients and frameworks, by themselves
        *("x-requested-with", "x-csrf-token", "x-xsrf-token", "x-client-info", "user-agent"),
        *("cache-control", "pragma", "expires"),
        # Tunnels, which ask for these before they let a call through
        *("ngrok-skip-browser-warning", "bypass-tunnel-reminder"),
    }
)
_CARRIED_FAMILIES: Final = (
    *("x-b3-", "x-datadog-", "x-instana-", "x-honeycomb-", "x-posthog-", "x-highlight-"),
    *("x-openreplay-", "x-logrocket-", "ot-tracer-", "ot-baggage-", "uberctx-", "sw8-"),
)
_EXPOSED: Final = (
    *("ETag", "Idempotency-Replayed", "Link", "Location", "RateLimit", "RateLimit-Policy"),
    *("Retry-After", "Total-Count", "WWW-Authenticate", "X-Request-Id"),
)
_MAX_AGE: Final = 7_200  # seconds; the longest that Chromium keeps an answer
_VARY: Final = ", ".join(
    f"Access-Control-Request-{what}" for what in ("Method", "Headers", "Private-Network")
)
_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}")
_TOLD: Final = 5  # names of refused header fields


class Cors:
    """What pages of other origins may do.

    Args:
        origins: Theirs, exactly as browsers send them.
        more: Names of further header fields that they may send; `*` is any.
    """

    def __init__(self, origins: Iterable[str], more: Iterable[str] = ()) -> None:
        self._granted = {origin.encode(): _grant(origin) for origin in origins}
        self._stranger = [(b"vary", b"Origin")] if self._granted else []
        self._more = frozenset(name.lower() for name in more)
        self._allowed = _CARRIED | self._more | {name.lower() for name in _READ}

    def fields(self, headers: Iterable[Field]) -> list[Field]:
        """The header fields of an answer, also of one that is an error.

        Args:
            headers: Those of the request, as far as they have come.
        """
        if self._granted:
            for name, value in headers:
                if name == b"origin":
                    return self._granted.get(value, self._stranger)
        return self._stranger

    def preflight(self, scope: Scope) -> Response | None:
        """The answer to a browser that asks beforehand; None for any other request.

        For any path: if there is nothing, the page can read that.

        Raises:
            OriginRefused: for what is not allowed; it says where to allow it.
        """
        origin = header(scope, b"origin")
        method = header(scope, b"access-control-request-method")
        if origin is None or method is None:
            return None
        self._check(origin.encode("latin-1"), method)
        asked = self._check_names(header(scope, b"access-control-request-headers") or "")
        names = dict.fromkeys([*map(str.lower, _READ), *asked])
        fields = {
            "Access-Control-Allow-Methods": ", ".join(_METHODS),
            "Access-Control-Allow-Headers": ", ".join(names),
            "Access-Control-Max-Age": str(_MAX_AGE),
            "Vary": _VARY,
        }
        # A public page that calls a private address, such as this machine's.
        if header(scope, b"access-control-request-private-network") == "true":
            fields["Access-Control-Allow-Private-Network"] = "true"
        return Response(headers=fields)

    def _check(self, origin: bytes, method: str) -> None:
        if not self._granted:
            raise OriginRefused(
                "`CORS_ORIGINS` is not set, so no page of another origin may call this. Set it to "
                "the origin of the page, such as `https://app.example.com`.",
                reason="cors_not_set",
            )
        if origin not in self._granted:
            raise OriginRefused(
                "The origin of the page is not in `CORS_ORIGINS`, which has it as the browser "
                "sends it: scheme, host and port, and nothing behind them.",
                reason="origin_not_listed",
            )
        if method not in _METHODS:
            raise OriginRefused(
                f"Pages may use {', '.join(_METHODS)}, in upper case.", reason="method_not_offered"
            )

    def _check_names(self, listed: str) -> list[str]:
        """The header fields that are asked for, in lower case."""
        asked = [name for each in listed.split(",") if (name := each.strip().lower())]
        refused = [name for name in asked if not self._is_allowed(name)]
        if refused:
            names = ", ".join(name for name in refused[:_TOLD] if _NAME.fullmatch(name))
            raise OriginRefused(
                f"Header fields that pages may not send: {names}. `CORS_HEADERS` lists more.",
                reason="header_not_listed",
            )
        return asked

    def _is_allowed(self, name: str) -> bool:
        if name in self._allowed or name.startswith(_CARRIED_FAMILIES):
            return True
        return "*" in self._more and bool(_NAME.fullmatch(name))


def _grant(origin: str) -> list[Field]:
    """What a page of this origin may see.

    With credentials: nothing here reads cookies, but clients that send theirs everywhere would not
    see the answer.
    """
    return [
        (b"access-control-allow-origin", origin.encode()),
        (b"access-control-allow-credentials", b"true"),
        (b"access-control-expose-headers", ", ".join(_EXPOSED).encode()),
        (b"vary", b"Origin"),
    ]
