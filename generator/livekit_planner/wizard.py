"""Asking in a terminal: Copier's own prompts, with a way back, a review and nothing written on abort."""

from __future__ import annotations

from typing import Any

import click
import questionary
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent, merge_key_bindings
from questionary.prompts import prompt_by_name

from .engine import Questionnaire, Step


class Back(Exception):
    """The user wants the question before this one."""


def ask(questionnaire: Questionnaire, given: dict[str, Any]) -> dict[str, Any] | None:
    """Ask what is not given yet; None when the user does not confirm.

    Raises:
        KeyboardInterrupt: Ctrl-C.
    """
    click.echo("Ctrl-B goes back, Ctrl-C leaves without writing anything.", err=True)
    answers: dict[str, Any] = {}
    position = 0
    while True:
        todo = [step for step in questionnaire.evaluate({**given, **answers}, answers) if step.asked and step.name not in given]
        if position >= len(todo):
            break
        try:
            answers[todo[position].name] = _ask_one(todo[position])
            position += 1
        except Back:
            position = max(0, position - 1)
    still_asked = {step.name for step in todo}  # a section that was closed again takes its answers along
    merged = {**given, **{name: value for name, value in answers.items() if name in still_asked}}
    _review(questionnaire.evaluate(merged))
    return merged if questionary.confirm("Write the project?", default=True).unsafe_ask() else None


def _ask_one(step: Step) -> Any:
    structure = dict(step.question.get_questionary_structure())
    kind, keep = structure.pop("type"), structure.pop("filter")
    structure.pop("name")
    structure.pop("when", None)
    prompt = prompt_by_name(kind)(**structure)  # type: ignore[no-untyped-call]
    keys = KeyBindings()

    @keys.add("c-b", eager=True)
    def _(event: KeyPressEvent) -> None:
        event.app.exit(exception=Back())

    existing = prompt.application.key_bindings
    prompt.application.key_bindings = merge_key_bindings([existing, keys] if existing else [keys])
    return keep(prompt.unsafe_ask())


def _review(steps: list[Step]) -> None:
    click.echo("", err=True)
    for step in steps:
        if step.visible and step.name != "customise":
            shown = ", ".join(map(str, step.value)) if isinstance(step.value, list) else step.value
            click.echo(f"  {step.name:24}{shown}", err=True)
    click.echo("", err=True)
