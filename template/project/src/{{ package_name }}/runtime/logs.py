"""Logs without a caller's words: what the framework marks as personal is dropped before a line is written."""

from __future__ import annotations

import logging


class DropPersonalData(logging.Filter):
    """Deletes the attributes of a record that carry `pii` in their dotted name, for example `lk.pii.user_input`."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Never drops the record itself."""
        for name in [name for name in vars(record) if "pii" in name.split(".")]:
            delattr(record, name)
        return True


def drop_personal_data() -> None:
    """Attach the filter to every handler of the root logger; again is harmless."""
    for handler in logging.getLogger().handlers:
        if not any(isinstance(known, DropPersonalData) for known in handler.filters):
            handler.addFilter(DropPersonalData())
