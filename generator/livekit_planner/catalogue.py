"""What can be said about the questions without Copier: names, sections, help, fixed choices."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from .source import Template

_STAGES = re.compile(r"(?:provider|fallback|turn)_choices\('(\w+)'")
_FILES = {"language": "languages", "region": "regions", "carrier": "carriers", "compliance": "compliance"}


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Reads the questionnaire; what it includes as data is left as a name."""


_Loader.add_constructor("!include", lambda loader, node: loader.construct_scalar(node))


def describe(template: Template) -> list[dict[str, Any]]:
    """Every question that can be answered, in order."""
    found = []
    for path in template.questions:
        for name, spec in yaml.load(path.read_text(encoding="utf-8"), _Loader).items():  # noqa: S506 (a safe loader)
            if spec.get("when") is not False:
                found.append(_describe(name, spec, path))
    return found


def _describe(name: str, spec: dict[str, Any], path: Path) -> dict[str, Any]:
    choices = spec.get("choices")
    return {
        "name": name,
        "section": path.stem.split("-", 1)[1],
        "type": "list" if spec.get("multiselect") else spec.get("type", "yaml"),
        "help": " ".join(str(spec.get("help", "")).split()),
        "choices": _values(choices) if isinstance(choices, dict) else _catalogued(choices, path.parent.parent),
    }


def _values(choices: dict[str, Any]) -> list[Any]:
    return [choice["value"] if isinstance(choice, dict) else choice for choice in choices.values()]


def _catalogued(choices: Any, template: Path) -> list[Any] | None:
    """Keys of the records that a question chooses among; None when it is free text."""
    if not isinstance(choices, str):
        return None
    if found := _STAGES.search(choices):
        return [*(["none"] if "fallback_choices" in choices else []), *_records(template, found[1])]
    return list(_records(template, next(file for word, file in _FILES.items() if f"{word}_choices" in choices)))


def _records(template: Path, name: str) -> dict[str, Any]:
    folder = template / "catalogue"
    for file, key in ((f"{name}.yml", None), ("turns.yml", name), ("audio.yml", name)):
        path = folder / file
        loaded: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), _Loader) if path.is_file() else {}  # noqa: S506
        if loaded and (key is None or key in loaded):
            return dict(loaded if key is None else loaded[key])
    return {}
