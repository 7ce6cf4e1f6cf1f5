"""The providers' keys: there, or one line each; and never in anything that is written or printed."""

from __future__ import annotations

import importlib
import json
from typing import Any
from urllib.parse import quote, urlsplit

from pydantic import SecretStr

from .. import project, server
from ..health import keys
from ..processes import Trouble


def settings() -> Any:
    """The worker's settings; LiveKit's are those of the local server, where the spoken call is held.

    Raises:
        Trouble: keys are missing, placeholders or wrong: one line a variable.
    """
    module = importlib.import_module(f"{project.PACKAGE}.settings")
    given = keys.given()
    missing = [
        f"{name} {'is a placeholder' if given.get(name) else 'is missing'}. "
        f"{module.Settings.model_fields[name.lower()].description} Set it in the environment or in .env."
        for name in project.PROVIDER_KEYS
        if not _usable(module.Settings.model_fields[name.lower()], given.get(name, ""))
    ]
    if missing:
        raise Trouble("\n".join([*missing, "Nothing was sent."]))
    local = {"livekit_url": "ws://127.0.0.1", "livekit_api_key": server.KEY, "livekit_api_secret": server.SECRET}
    try:
        return module.Settings(_env_file=project.ROOT / ".env", **local)
    except module.ValidationError as error:
        raise Trouble("\n".join([*module.explain(error), "Nothing was sent."])) from None


def _usable(field: Any, value: str) -> bool:
    if field.annotation is SecretStr:
        return not keys.is_placeholder(value)
    return bool(value) and not keys.PLACEHOLDER.search(value)


def hosts(given: Any) -> dict[str, str]:
    """Where the providers are asked: the host of each address among the settings, by its variable."""
    addresses = {name: str(getattr(given, name.lower(), "")) for name in project.PROVIDER_URLS}
    return {name: urlsplit(value).netloc.rpartition("@")[2] for name, value in addresses.items() if value}


class Redactor:
    """Takes every secret of the settings out of a text: as it is, in an address, in JSON."""

    def __init__(self, given: Any) -> None:
        """Learn the secrets of `given`."""
        secrets = [value.get_secret_value() for _, value in given if isinstance(value, SecretStr)]
        forms = {form for one in secrets if one for form in (one, quote(one, safe=""), json.dumps(one)[1:-1])}
        self._forms = sorted(forms, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """`text` without secrets."""
        for form in self._forms:
            text = text.replace(form, "(secret)")
        return text
