"""Traces, metrics and log lines by OTLP to a collector: nothing of a caller, and nothing that a call waits for."""

from __future__ import annotations

import atexit
import fcntl
import itertools
import logging
import os
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any, Final

from livekit.agents.telemetry import set_tracer_provider
from opentelemetry import metrics
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import Counter, Histogram, MeterProvider
from opentelemetry.sdk.metrics.export import AggregationTemporality, PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from ..settings import Settings, load_settings
from . import logs, meters
from .agent_server import Server
from .otlp_lines import OtlpLines

logger = logging.getLogger(__name__)

# How long one request may take, and the last flush of a process. A call never waits; its process does, once.
SEND_S: Final = 2.0
# Spans or lines that wait for the collector; while it is away the oldest are dropped.
QUEUE: Final = 2048
SPANS_EVERY_S: Final = 2.0
METRICS_EVERY_S: Final = 10.0
# The root span of a call. It ends after all else, and its process exits without ceremony.
ROOT: Final = "job_entrypoint"
# All labels that a series may have: each has few values. The framework adds the room and the job to every point.
LABELS: Final = frozenset(
    {"stage", "model", "provider", "kind", "outcome"}
    | {"model_name", "model_provider", "connection_reused", "severity", "error.type"}
    | {f"gen_ai.{name}" for name in ("operation.name", "request.model", "token.type", "tool.name", "agent.name")}
)
# 160 buckets, each 4 % wider than the last over three orders of magnitude. As shipped, all turns are in one bucket.
BUCKETS: Final = ExponentialBucketHistogramAggregation(max_size=160, max_scale=4)
VIEWS: Final = (
    View(instrument_type=Histogram, instrument_name="*", attribute_keys=set(LABELS), aggregation=BUCKETS),
    View(instrument_type=Counter, instrument_name="*", attribute_keys=set(LABELS)),
)
DELTA: Final[dict[type, AggregationTemporality]] = {
    Counter: AggregationTemporality.DELTA,
    Histogram: AggregationTemporality.DELTA,
}

# The variable from which the exporters read the headers of their requests.
HEADERS: Final = "OTEL_EXPORTER_OTLP_HEADERS"
# Held open, and with it locked, until the process ends.
_slots: list[IO[str]] = []


def start() -> None:
    """In each process that takes calls, before its first: send traces and metrics."""
    settings = load_settings()
    endpoint = settings.otel_exporter_otlp_endpoint
    if endpoint is None:
        return
    say_it_once()
    authorise(settings)
    resource = resource_of(settings)
    tracing = TracerProvider(resource=resource, shutdown_on_exit=False)
    spans = OTLPSpanExporter(f"{endpoint}/v1/traces", timeout=SEND_S)
    tracing.add_span_processor(
        BatchSpanProcessor(spans, max_queue_size=QUEUE, schedule_delay_millis=int(SPANS_EVERY_S * 1000))
    )
    measuring = measure(endpoint, resource)
    metrics.set_meter_provider(measuring)
    tracing.add_span_processor(FlushAtTheEnd([tracing.force_flush, measuring.force_flush]))
    os.environ["OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"] = "false"
    set_tracer_provider(tracing, allow_pii=False)


def watch(server: Server, settings: Settings) -> None:
    """In the process that starts the others: send its state, its lines, and those of its calls."""

    def started() -> None:
        if settings.otel_exporter_otlp_endpoint is None:
            logger.warning("telemetry is off: OTEL_EXPORTER_OTLP_ENDPOINT is not set")
        else:
            say_it_once()
            authorise(settings)
            resource = resource_of(settings)
            send_lines(settings.otel_exporter_otlp_endpoint, resource)
            meters.of_worker(measure(settings.otel_exporter_otlp_endpoint, resource).get_meter("voice"), server)

    server.on("worker_started", started)


def authorise(settings: Settings) -> None:
    """Let the exporters send the headers of the settings: they read the environment, and not `.env`."""
    if settings.otel_exporter_otlp_headers is not None:
        os.environ[HEADERS] = settings.otel_exporter_otlp_headers.get_secret_value()


def measure(endpoint: str, resource: Resource) -> MeterProvider:
    """What sends all that is counted."""
    points = OTLPMetricExporter(f"{endpoint}/v1/metrics", timeout=SEND_S, preferred_temporality=DELTA)
    reader = PeriodicExportingMetricReader(points, METRICS_EVERY_S * 1000, SEND_S * 1000)
    return MeterProvider([reader], resource=resource, views=VIEWS, shutdown_on_exit=False)


def send_lines(endpoint: str, resource: Resource) -> None:
    """Send every line that is logged from now on. Calls hand theirs over at once: one that is killed has sent them."""
    provider = LoggerProvider(resource, shutdown_on_exit=False)
    exporter = OTLPLogExporter(f"{endpoint}/v1/logs", timeout=SEND_S)
    provider.add_log_record_processor(
        BatchLogRecordProcessor(exporter, max_queue_size=QUEUE, schedule_delay_millis=int(SPANS_EVERY_S * 1000))
    )
    logging.getLogger().addHandler(OtlpLines(provider))
    logs.drop_personal_data()
    atexit.register(within, SEND_S, [provider.force_flush])


def resource_of(settings: Settings) -> Resource:
    """Who sends. What OTEL_RESOURCE_ATTRIBUTES says is added, for example `deployment.environment=staging`."""
    return Resource.create(
        {
            "service.name": settings.livekit_agent_name,
            "service.instance.id": f"{socket.gethostname()}-{slot()}",
        }
    )


def slot() -> str:
    """The lowest number that no other process of this machine holds, as text; held until this process ends.

    Two senders of one series would overwrite each other, and one name for each call would be series without end.
    """
    folder = Path(tempfile.gettempdir()) / f"telemetry-slots-{os.getuid()}"
    folder.mkdir(exist_ok=True)
    for number in itertools.count():
        held = (folder / str(number)).open("w")
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            held.close()
            continue
        _slots.append(held)
        break
    return str(number)


class FlushAtTheEnd(SpanProcessor):
    """Sends what waits when the root span has ended: nothing else is asked again before the process is gone."""

    def __init__(self, flushes: Sequence[Callable[[], Any]]) -> None:
        """Added after the exporting processor, so that the root itself is in the queue."""
        self._flushes = flushes

    def on_end(self, span: ReadableSpan) -> None:
        """Flush after the root."""
        if span.name == ROOT:
            within(SEND_S, self._flushes)


def within(seconds: float, actions: Sequence[Callable[[], Any]]) -> None:
    """Run `actions` side by side and wait for them, `seconds` at most; the SDK's own limits do not hold."""
    running = [threading.Thread(target=action, daemon=True) for action in actions]
    until = time.monotonic() + seconds
    for thread in running:
        thread.start()
    for thread in running:
        thread.join(max(0.0, until - time.monotonic()))


class Once(logging.Handler):
    """What the exporters complain of, as one line: a collector that is away for an hour is no flood."""

    def __init__(self) -> None:
        """Nothing is told yet."""
        super().__init__(logging.WARNING)
        self._told = False

    def emit(self, record: logging.LogRecord) -> None:
        """Tell the first complaint."""
        if not self._told:
            self._told = True
            logger.warning("telemetry is not delivered", extra={"error": record.getMessage().splitlines()[0][:200]})


def say_it_once() -> None:
    """Keep the exporters' own lines out of the log, and out of themselves."""
    theirs = logging.getLogger("opentelemetry")
    theirs.propagate = False
    if not any(isinstance(handler, Once) for handler in theirs.handlers):
        theirs.addHandler(Once())
