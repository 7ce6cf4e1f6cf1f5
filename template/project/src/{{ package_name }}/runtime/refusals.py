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


def explained(model: Model, key: str) -> Model:
    """`model`, whose refusals are logged with their meaning; `key` is the setting that its provider knows us by."""

    def tell(event: Any) -> None:
        status = status_of(event.error)
        if status in MEANING:
            said = MEANING[status].format(
                variable=key.upper(), about=Settings.model_fields[key].description, model=model.model
            )
            logger.error(f"{model.provider} refuses ({status}): {said}", extra={"status": status, "model": model.model})

    model.on("error", tell)
    return model


def status_of(error: BaseException | None) -> int:
    """The HTTP status behind an error, or 0: plugins wrap it in different ways."""
    while error is not None:
        for name in ("status_code", "status"):
            found = getattr(error, name, None)
            if isinstance(found, int) and found >= 100:
                return found
        error = error.__cause__ or error.__context__
    return 0
