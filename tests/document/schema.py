"""As much of JSON Schema as plan.schema.json uses; a keyword that is not here is an error."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

KEYWORDS = {
    "$schema",
    "$defs",
    "$ref",
    "title",
    "description",
    "type",
    "required",
    "enum",
    "items",
    "properties",
    "additionalProperties",
    "anyOf",
}
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "number": (int, float), "null": type(None)}


def fits(value: Any, name: str) -> bool:
    """Whether a value is of a type; true is no number."""
    expected: Any = TYPES[name]
    return isinstance(value, expected) and not (isinstance(value, bool) and name == "number")


def problems(value: Any, schema: dict[str, Any], root: dict[str, Any], at: str = "") -> Iterator[str]:
    """What is wrong with a value, each with its place."""
    assert set(schema) <= KEYWORDS, f"{at}: {set(schema) - KEYWORDS}"
    if "$ref" in schema:
        yield from problems(value, root["$defs"][schema["$ref"].rsplit("/", 1)[1]], root, at)
    if "anyOf" in schema:
        tries = [list(problems(value, some, root, at)) for some in schema["anyOf"]]
        if all(tries):
            yield from min(tries, key=len)
    names = schema.get("type", [])
    if names and not any(fits(value, name) for name in ([names] if isinstance(names, str) else names)):
        yield f"{at}: {value!r} is no {names}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: {value!r} is none of {schema['enum']}"
    if isinstance(value, dict):
        yield from (f"{at}: {name} is missing" for name in schema.get("required", []) if name not in value)
        for name, inner in value.items():
            part = schema.get("properties", {}).get(name, schema.get("additionalProperties", {}))
            if part is False:
                yield f"{at}: {name} is unknown"
            elif isinstance(part, dict):
                yield from problems(inner, part, root, f"{at}.{name}")
    if isinstance(value, list):
        for number, inner in enumerate(value):
            yield from problems(inner, schema.get("items", {}), root, f"{at}[{number}]")
