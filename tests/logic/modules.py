"""Logic modules by themselves: Copier's filters, the real catalogue or a changed one, answers as plain values."""

from __future__ import annotations

import copy
import functools
from typing import Any

import jinja2
import yaml
from jinja2.ext import Extension
from jinja2_ansible_filters import AnsibleCoreFiltersExtension  # type: ignore[import-untyped]

from tests.support import ROOT

FILES = ("stt", "llm", "tts", "turns", "limits", "versions", "vendors")
NUMBERS = "blocked_share, lines_for, burst_of, up, least_certain, part, figure, scores, draws"


@functools.cache
def _read(name: str) -> Any:
    return yaml.safe_load((ROOT / "template" / "catalogue" / f"{name}.yml").read_text())


def catalogue() -> dict[str, list[Any]]:
    """A copy of what latency and capacity read, to be changed at will."""
    return {name: [copy.deepcopy(_read(name))] for name in FILES}


@functools.cache
def _environment() -> jinja2.Environment:
    extensions: list[type[Extension]] = [AnsibleCoreFiltersExtension]
    return jinja2.Environment(  # noqa: S701 (no page)
        loader=jinja2.FileSystemLoader(ROOT), extensions=extensions, undefined=jinja2.StrictUndefined
    )


@functools.cache
def _compiled(source: str) -> jinja2.Template:
    return _environment().from_string(source)


def numbers() -> Any:
    """The macros of numbers.jinja; they return text."""
    return _environment().get_template("template/logic/numbers.jinja").make_module({"catalogue": catalogue()})


def latency(known: dict[str, list[Any]], **answers: Any) -> dict[str, Any]:
    """`latency` under this catalogue: web, English, plain answers unless told otherwise."""
    source = (
        f"{{% from 'template/logic/numbers.jinja' import {NUMBERS} with context %}}"
        "{% from 'template/logic/rules.jinja' import refuse_provider, refuse_turns with context %}"
        "{% from 'template/logic/latency.jinja' import latency with context %}{% set kept = hold.update(latency=latency) %}"
    )
    hold: dict[str, Any] = {}
    context = {
        "catalogue": known, "hold": hold, "traits": ["cloud", "web"], "planned": "", "languages": ["en"], "data_residency": "none",
        "topology": "cloud", "stt": "deepgram-nova-3", "llm": "groq-gpt-oss-120b", "tts": "elevenlabs-flash-v2.5",
        "turn_detection": "local-model", "preemptive_generation": True,
    }  # fmt: skip
    _compiled(source).render({**context, **answers})
    found: dict[str, Any] = hold["latency"]
    return found
