"""The list of what may be absent does not grow unseen."""

from __future__ import annotations

from tests.conftest import ABSENT


def test_the_list_is_what_we_agreed_on() -> None:
    assert set(ABSENT) == {"container daemon", "provider keys", "LiveKit Cloud", "weights from a hub", "OpenTelemetry collector"}
