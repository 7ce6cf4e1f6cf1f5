"""What Google's client hides: waits before it says that a connection failed, and answers that were cut."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final

from google.genai import types
from livekit.agents import llm

# Without it a connection that cannot be made is tried again after 1 to 10 s, whatever the timeout.
AT_ONCE: Final = types.HttpOptions(retry_options=types.HttpRetryOptions(attempts=1))


class Cut(ConnectionError):
    """The answer ended without the reason that ends every whole one."""


def notice_cuts(model: llm.LLM[Any]) -> None:
    """Make an answer of Google's plugin that ends without a reason an error; the plugin takes it for whole."""
    models: Any = model._client.aio.models  # type: ignore[attr-defined]
    ask = models.generate_content_stream

    async def asked(**request: Any) -> AsyncIterator[types.GenerateContentResponse]:
        return _to_its_end(await ask(**request))

    models.generate_content_stream = asked


async def _to_its_end(
    answer: AsyncIterator[types.GenerateContentResponse],
) -> AsyncIterator[types.GenerateContentResponse]:
    ended = False
    async for part in answer:
        ended = ended or any(candidate.finish_reason for candidate in part.candidates or [])
        yield part
    if not ended:
        raise Cut
