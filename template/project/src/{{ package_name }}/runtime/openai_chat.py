"""Chat completions as OpenAI, Groq and others serve them: no answer that was cut is taken for whole.

The plugin does not pass on why an answer ended.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final

from livekit.agents import llm
from openai.types.chat import ChatCompletionChunk

from .refusals import Cut

# What OpenAI calls the reasons that end an answer early.
EARLY: Final = {"length": "length", "content_filter": "filter"}


def to_its_end(model: llm.LLM[Any]) -> None:
    """Make an answer of OpenAI's plugin that reached its limit of tokens, or that a filter stopped, an error."""
    plugin: Any = model
    completions = plugin._client.chat.completions
    ask = completions.create

    async def asked(**request: Any) -> Any:
        answer = await ask(**request)
        answer._iterator = _to_its_end(answer._iterator)
        return answer

    completions.create = asked


async def _to_its_end(answer: AsyncIterator[ChatCompletionChunk]) -> AsyncIterator[ChatCompletionChunk]:
    ended = ""
    async for chunk in answer:
        ended = next((choice.finish_reason for choice in chunk.choices if choice.finish_reason), ended)
        yield chunk
    if ended in EARLY:
        raise Cut(EARLY[ended])
