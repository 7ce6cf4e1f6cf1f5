"""Gemini as one of several models: no hidden waits, no answer cut in silence, and the tool calls of the others."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final

from google.genai import types
from livekit.agents import llm

from .refusals import Cut

# Without it a connection that cannot be made is tried again after 1 to 10 s, whatever the timeout.
AT_ONCE: Final = types.HttpOptions(retry_options=types.HttpRetryOptions(attempts=1))

# Gemini refuses a tool call of this turn without the sealed thought that it came with. This word stands for the thought
# of another model, which there is none of: https://ai.google.dev/gemini-api/docs/thought-signatures
NOT_OURS: Final = b"skip_thought_signature_validator"

# How an answer ends that is whole, and one that goes on in another request.
WHOLE: Final = (types.FinishReason.STOP, types.FinishReason.CONTINUATION, types.FinishReason.FINISH_REASON_UNSPECIFIED)
# What Google calls a limit and its filters; every other reason keeps its name.
EARLY: Final = {
    types.FinishReason.MAX_TOKENS: "length",
    types.FinishReason.SAFETY: "filter",
    types.FinishReason.RECITATION: "filter",
    types.FinishReason.LANGUAGE: "filter",
    types.FinishReason.BLOCKLIST: "filter",
    types.FinishReason.PROHIBITED_CONTENT: "filter",
    types.FinishReason.SPII: "filter",
    types.FinishReason.MODEL_ARMOR: "filter",
}


class Thoughts(dict[str, bytes]):
    """Of each tool call, the thought that it came with, else the word for that of another model."""

    def __bool__(self) -> bool:
        """The plugin asks whether there are any."""
        return True

    def get(self, call_id: str, default: Any = None) -> Any:
        """The thought of this call."""
        del default  # there is always one
        return super().get(call_id, NOT_OURS)


def one_of_several(model: llm.LLM[Any]) -> None:
    """Make Google's plugin take the tool calls of others, and every answer that is not whole an error."""
    plugin: Any = model
    plugin._thought_signatures = Thoughts()
    models = plugin._client.aio.models
    ask = models.generate_content_stream

    async def asked(**request: Any) -> AsyncIterator[types.GenerateContentResponse]:
        return _to_its_end(await ask(**request))

    models.generate_content_stream = asked


async def _to_its_end(
    answer: AsyncIterator[types.GenerateContentResponse],
) -> AsyncIterator[types.GenerateContentResponse]:
    ended = False
    async for part in answer:
        if part.prompt_feedback:
            raise Cut("filter")
        for candidate in part.candidates or []:
            ended = ended or candidate.finish_reason is not None
            if early := _early(candidate):
                raise Cut(early)
        yield part
    if not ended:
        raise Cut


def _early(candidate: types.Candidate) -> str:
    """Why it ended before it was whole; "" if it is whole, goes on, or can be continued by the plugin."""
    reason = candidate.finish_reason
    if reason is None or reason in WHOLE or candidate.continuation_token:
        return ""
    return EARLY.get(reason) or reason.value.lower().replace("_", "-")
