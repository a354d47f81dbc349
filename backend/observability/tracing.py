"""Traces by OpenTelemetry, sent to the collector that the environment names."""

import logging
import os
import threading
from typing import TYPE_CHECKING, Final

from opentelemetry import trace

from backend.core.tracing import is_traced

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS: Final = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_END_SECONDS: Final = 1.5  # of the five that a worker has to end

log = logging.getLogger(__name__)


class Tracing:
    """What sends spans, in this process.

    It begins nothing when no collector is named, or when a provider has been set already, by
    `opentelemetry-instrument` for one: whoever set it ends it.
    """

    def __init__(self) -> None:
        self._provider: TracerProvider | None = None

    def begin(self) -> None:
        """Set a provider, if OpenTelemetry's own variables of the environment ask for one."""
        if is_traced() or not _is_wanted():
            return
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
                OTLPSpanExporter,
            )
            from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
            from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
        except ImportError:
            log.warning("tracing_off", extra={"reason": "install duly[opentelemetry]"})
            return
        os.environ.setdefault("OTEL_SERVICE_NAME", "duly")
        self._provider = TracerProvider(shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        trace.set_tracer_provider(self._provider)

    def end(self) -> None:
        """Send what is left; a collector that does not answer is not waited for."""
        if self._provider is not None:
            ending = threading.Thread(target=self._provider.shutdown, daemon=True)
            ending.start()
            ending.join(_END_SECONDS)


def _is_wanted() -> bool:
    """Whether the environment names a collector, and one that can be spoken to."""
    if _first(_ENDPOINTS) is None or _first(("OTEL_SDK_DISABLED",)) == "true":
        return False
    if _first(("OTEL_TRACES_EXPORTER",)) not in {None, "otlp"}:
        return False
    if (protocol := _first(_PROTOCOLS)) not in {None, "http/protobuf"}:
        reason = f"OTEL_EXPORTER_OTLP_PROTOCOL is {protocol}: only http/protobuf is spoken"
        log.warning("tracing_off", extra={"reason": reason})
        return False
    return True


def _first(names: tuple[str, ...]) -> str | None:
    """The first of these variables that is set; an empty one is not."""
    values = (os.environ.get(name, "").strip() for name in names)
    return next((value.lower() for value in values if value), None)
