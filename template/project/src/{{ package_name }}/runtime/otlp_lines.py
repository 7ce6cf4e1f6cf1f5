"""Log lines as OpenTelemetry records, found by the trace of their call."""

from __future__ import annotations

import logging
import string
from typing import Any, Final

from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

# What a record has before anybody adds a field, and where in the code it was made.
PLAIN: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "websocket"}
SEVERITY: Final = {
    logging.DEBUG: SeverityNumber.DEBUG,
    logging.INFO: SeverityNumber.INFO,
    logging.WARNING: SeverityNumber.WARN,
    logging.ERROR: SeverityNumber.ERROR,
    logging.CRITICAL: SeverityNumber.FATAL,
}


class OtlpLines(logging.Handler):
    """Hands each line to the exporter's queue: its message, its fields, its call. A traceback stays in the log."""

    def __init__(self, provider: LoggerProvider) -> None:
        """Lines go through `provider`."""
        super().__init__()
        self.provider = provider

    def emit(self, record: logging.LogRecord) -> None:
        """One line."""
        fields = {name: value for name, value in vars(record).items() if name not in PLAIN and value is not None}
        call = fields.get("call")
        self.provider.get_logger(record.name).emit(
            LogRecord(
                timestamp=int(record.created * 1e9),
                context=_context_of(call) if isinstance(call, str) else None,
                severity_text=record.levelname,
                severity_number=SEVERITY.get(record.levelno, SeverityNumber.UNSPECIFIED),
                body=(record.getMessage().splitlines() or [""])[0],
                attributes=fields | _error_of(record),
            )
        )


def _error_of(record: logging.LogRecord) -> dict[str, str]:
    kind = record.exc_info[0] if record.exc_info else None
    return {"error.type": kind.__name__} if kind else {}


def _context_of(call: str) -> Any:
    """The trace that is named like the call; any span of it, as a line knows only its call."""
    if len(call) != 32 or not set(call) <= set(string.hexdigits):
        return None
    known = SpanContext(int(call, 16), 1, is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED))
    return set_span_in_context(NonRecordingSpan(known))
