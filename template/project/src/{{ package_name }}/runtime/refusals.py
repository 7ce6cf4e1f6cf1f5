"""What a provider refuses on purpose is told in one line: what it is, and what to do about it."""

from __future__ import annotations

import logging
from typing import Any, Final, TypeVar

from livekit.agents import llm, stt, tts

from ..settings import Settings

logger = logging.getLogger(__name__)

Model = TypeVar("Model", llm.LLM[Any], stt.STT[Any], tts.TTS[Any])

# What a status means for whoever runs the worker. {variable} is what we are recognised by, {about} its description.
MEANING: Final = {
    400: "it does not take what we ask for: is {model} served at this address, in this region?",
    401: "it does not accept {variable}. {about}",
    403: "{variable} may not use {model}. {about}",
    404: "it does not know {model}: the model has retired, or is not served at this address or in this region.",
    429: "the quota of {variable} is used up, or too many calls run at once. {about}",
}
# What OpenAI's sockets and the Gemini API call a refusal that comes with another status, or with none.
WORDS: Final = {
    "invalid_api_key": 401,
    "API_KEY_INVALID": 401,
    "API key not valid": 401,
    "invalid_model": 404,
    "model_not_found": 404,
    "insufficient_quota": 429,
    "rate_limit_exceeded": 429,
}


def explained(model: Model, key: str) -> Model:
    """`model`, whose refusals are logged with their meaning, each once; its provider knows us by the setting `key`."""

    told: set[int] = set()

    def tell(event: Any) -> None:
        status = status_of(event.error)
        if status in MEANING and status not in told:
            told.add(status)
            said = MEANING[status].format(
                variable=key.upper(), about=Settings.model_fields[key].description, model=model.model
            )
            logger.error(f"{model.provider} refuses ({status}): {said}", extra={"status": status, "model": model.model})

    model.on("error", tell)
    return model


def status_of(error: BaseException | None) -> int:
    """The HTTP status behind an error, or 0: plugins wrap it in different ways, and some services say it in words."""
    while error is not None:
        if spoken := next((status for word, status in WORDS.items() if word in _told(error)), 0):
            return spoken
        for name in ("status_code", "status"):
            found = getattr(error, name, None)
            if isinstance(found, int) and found >= 100:
                return found
        error = error.__cause__ or error.__context__
    return 0


def _told(error: BaseException) -> str:
    return f"{error} {getattr(error, 'body', '')}"
