"""A collector for tests: takes traces, metrics and log lines by OTLP over HTTP and keeps them decoded."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1.metrics_pb2 import ExponentialHistogramDataPoint, Metric
from opentelemetry.proto.trace.v1.trace_pb2 import Span


class Receiver:
    """`with Receiver() as collector:` listens on a free port of loopback."""

    def __init__(self, *, hang_s: float = 0.0) -> None:
        """Each request is answered after `hang_s`."""
        self.spans: list[Span] = []
        self.metrics: list[Metric] = []
        self.lines: list[LogRecord] = []
        self.raw: list[bytes] = []
        self.resources: list[dict[str, Any]] = []
        self.authorised: set[str] = set()  # values of the Authorization header
        self._hang_s = hang_s
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Receiver:
        """Listen."""
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()

    def take(self, path: str, body: bytes) -> None:
        """Decode one request."""
        self.raw.append(body)
        if path.endswith("/v1/traces"):
            for of in ExportTraceServiceRequest.FromString(body).resource_spans:
                self.resources.append(values(of.resource.attributes))
                self.spans += [span for scope in of.scope_spans for span in scope.spans]
        elif path.endswith("/v1/metrics"):
            for measured in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                self.resources.append(values(measured.resource.attributes))
                self.metrics += [metric for scope in measured.scope_metrics for metric in scope.metrics]
        elif path.endswith("/v1/logs"):
            for said in ExportLogsServiceRequest.FromString(body).resource_logs:
                self.lines += [line for scope in said.scope_logs for line in scope.log_records]

    def count(self, name: str, **labels: str) -> float:
        """Sum of a counter over all requests, of the series that have `labels`."""
        points = [point for metric in self.metrics if metric.name == name for point in metric.sum.data_points]
        return sum(
            point.as_double or point.as_int for point in points if labels.items() <= values(point.attributes).items()
        )

    def histogram(self, name: str, **labels: str) -> list[ExponentialHistogramDataPoint]:
        """Points of a histogram over all requests, of the series that have `labels`."""
        points = [p for metric in self.metrics if metric.name == name for p in metric.exponential_histogram.data_points]
        return [point for point in points if labels.items() <= values(point.attributes).items()]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        take, hang_s, authorised = self.take, self._hang_s, self.authorised

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                time.sleep(hang_s)
                authorised.add(self.headers.get("Authorization", ""))
                take(self.path, gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Print nothing."""

        return Handler


def values(attributes: Iterable[KeyValue]) -> dict[str, Any]:
    """Attributes as a dictionary."""
    return {one.key: _value(one.value) for one in attributes}


def _value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    if kind == "kvlist_value":
        return values(value.kvlist_value.values)
    if kind == "array_value":
        return [_value(one) for one in value.array_value.values]
    return getattr(value, kind) if kind else None


def quantile(points: Iterable[ExponentialHistogramDataPoint], share: float) -> float:
    """The value below which `share` of all measurements lie, as a backend reads it from exponential buckets."""
    counted: list[tuple[float, float, int]] = []
    for point in points:
        base = 2.0 ** (2.0**-point.scale)
        counted += [
            (base**index, base ** (index + 1), count)
            for index, count in enumerate(point.positive.bucket_counts, point.positive.offset)
        ]
        counted.append((0.0, 0.0, point.zero_count))
    counted.sort()
    wanted, seen = share * sum(count for _, _, count in counted), 0
    for low, high, count in counted:
        if count and seen + count >= wanted:
            return float(low + (high - low) * (wanted - seen) / count)
        seen += count
    raise ValueError("nothing was measured")
