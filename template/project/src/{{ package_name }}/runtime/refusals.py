"""What a provider's failure is called, and what to do about one that it means: a key or a model it does not accept."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any, Final, TypeVar

import aiohttp
from livekit.agents import APITimeoutError, llm, stt, tts

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
# The codes by which a WebSocket is closed begin here; what is below is a status of HTTP.
CLOSE_CODES: Final = 1000


class Cut(ConnectionError):
    """An answer ended without the reason that ends every whole one."""

    def __init__(self, reason: str = "") -> None:
        """Name it after the `reason` that was given instead, a limit or a filter: `cut-length`; without one, `cut`."""
        self.kind = f"cut-{reason}" if reason else "cut"
        super().__init__(self.kind)


KINDS: Final[dict[tuple[type[BaseException], ...], str]] = {
    (TimeoutError, APITimeoutError): "hang",
    (aiohttp.ClientConnectionError, ConnectionError): "refuse",
}
# By their words where a plugin hides the cause, which may show a key; the first is Google's for an answer without one.
HIDDEN: Final = {"no response generated": "empty", "closed": "disconnect", "connect": "refuse"}


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


def kind_of(error: BaseException) -> str:
    """What a provider did, in a word for logs and metrics: `http-500`, `hang`, `refuse`, else the error's name."""
    status = status_of(error)
    if 400 <= status < 600:
        return f"http-{status}"
    if status >= CLOSE_CODES:
        return "disconnect"
    for each in causes(error):
        if isinstance(each, Cut):
            return each.kind
        for types, kind in KINDS.items():
            if isinstance(each, types):
                return kind
    for word, kind in HIDDEN.items():
        if word in str(error):
            return kind
    while error.__cause__:
        error = error.__cause__
    return type(error).__name__


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error and all that it was raised from."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def status_of(error: BaseException | None) -> int:
    """The HTTP status behind an error, or 0: plugins wrap it in different ways, and some services say it in words."""
    for each in causes(error):
        if spoken := next((status for word, status in WORDS.items() if word in _told(each)), 0):
            return spoken
        for name in ("status_code", "status"):
            found = getattr(each, name, None)
            if isinstance(found, int) and found >= 100:
                return found
    return 0


def _told(error: BaseException) -> str:
    return f"{error} {getattr(error, 'body', '')}"
