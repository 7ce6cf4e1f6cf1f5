"""Asking in a terminal: one prompt a question, with a way back, wrapped lines, and nothing written on abort."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from typing import Any

import click
import questionary
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent, merge_key_bindings

from . import answers as merge
from .engine import Choice, Questionnaire, Step
from .screen import say, wrapped

MARK = "\u203a"
# Columns that a prompt takes before the text of a choice.
BEFORE_CHOICE = 5
# Shown in a review even if it is what the preset says.
ALWAYS = ("preset", "project_name", "package_name")
# Lines of a screen that a review leaves to the question after it.
BELOW_REVIEW = 8


class Back(Exception):
    """The user wants the question before this one."""


def ask(questionnaire: Questionnaire, given: Mapping[str, Any]) -> dict[str, Any] | None:
    """Ask what is not given yet; None when the user does not confirm.

    Raises:
        KeyboardInterrupt: Ctrl-C.
    """
    say("Esc or Ctrl-B goes back, Ctrl-C leaves without writing anything.", err=True)
    answers: dict[str, Any] = {}
    position = 0
    while True:
        steps = questionnaire.evaluate({**given, **answers}, answers, plan=False)
        todo = [step for step in steps if step.asked and step.name not in given]
        for index, step in enumerate(todo):
            if step.name in answers and (problem := merge.problem_of(questionnaire, step, answers)):
                say(f"! {problem.line()}", err=True)
                position = index
                break
        try:
            if position < len(todo):
                answers[todo[position].name] = _ask_one(todo[position])
                position += 1
                continue
            asked = {step.name for step in todo}  # a section that was closed again takes its answers along
            merged = {**given, **{name: value for name, value in answers.items() if name in asked}}
            return merged if _confirmed(questionnaire, merged) else None
        except Back:
            position = max(0, min(position, len(todo)) - 1)


def _confirmed(questionnaire: Questionnaire, answers: Mapping[str, Any]) -> bool:
    """Show what will be written, and ask.

    Raises:
        Back: the user wants to change the last answer.
    """
    steps = questionnaire.evaluate(answers)
    preset = next(step.value for step in steps if step.name == "preset")
    click.echo("\n" + "\n".join(review(steps, questionnaire.evaluate({"preset": preset}, plan=False))) + "\n", err=True)
    return bool(_prompt(questionary.confirm("Write the project?", default=True, qmark=f"Review {MARK}")))


def review(steps: Sequence[Step], preset: Sequence[Step]) -> list[str]:
    """Format a review: answers that differ from the preset's, and the number of those that do not."""
    usual = {step.name: step.value for step in preset}
    answered = [step for step in steps if step.visible and step.name != "customise"]
    shown = [step for step in answered if step.name in ALWAYS or step.value != usual.get(step.name)]
    lines = [f"  {step.name:24}{_text(step.value)}" for step in shown]
    if sum(len(wrapped(line)) for line in lines) > shutil.get_terminal_size().lines - BELOW_REVIEW:
        lines = ["  " + ", ".join(f"{step.name}={_text(step.value)}" for step in shown)]
    rest = f"  {len(answered) - len(shown)} more answers are the preset's."
    return [part for line in (*lines, rest) for part in wrapped(line, later=" " * 26 if len(lines) > 1 else "  ")]


def _ask_one(step: Step) -> Any:
    """Prompt for one question and return what was typed or chosen; it is judged afterwards."""
    question = step.question
    qmark = question.qmark or MARK
    value = step.value if step.answered else None
    if question.choices:
        chosen = value if isinstance(value, list) else [value]
        choices = []
        for choice in step.choices():
            hidden: Any = bool(choice.reason)  # questionary would add a text of its own, unwrapped
            checked = question.multiselect and choice.value in chosen
            choices.append(questionary.Choice(_choice_text(choice), choice.value, disabled=hidden, checked=checked))
        if question.multiselect:
            return _prompt(questionary.checkbox(_message(step, qmark), choices, qmark=qmark, instruction="(Space chooses, Enter goes on)"))
        possible = [choice.value for choice in choices if not choice.disabled]
        default = value if value in possible else possible[0]
        return _prompt(questionary.select(_message(step, qmark), choices, default, qmark=qmark, instruction="(arrow keys, then Enter)"))
    if question.get_type_name() == "bool":
        return _prompt(questionary.confirm(_message(step, qmark), default=bool(value), qmark=qmark))
    multiline = question.get_multiline()
    prompt = questionary.text(_message(step, qmark, rule=True), "" if value is None else str(value), qmark=qmark, multiline=multiline)
    return _prompt(prompt, escape=not multiline)


def _prompt(prompt: questionary.Question, *, escape: bool = True) -> Any:
    """Run a prompt with the keys that go back. Where Esc then Enter ends many lines, Esc alone cannot.

    Raises:
        Back: one of them was pressed.
        KeyboardInterrupt: Ctrl-C.
    """
    keys = KeyBindings()

    def go_back(event: KeyPressEvent) -> None:
        event.app.exit(exception=Back())

    for key in ("c-b", "escape") if escape else ("c-b",):
        keys.add(key, eager=True)(go_back)
    existing = prompt.application.key_bindings
    prompt.application.key_bindings = merge_key_bindings([existing, keys] if existing else [keys])
    prompt.application.ttimeoutlen = 0.1  # s after which Esc is no longer taken for the first byte of an arrow key
    return prompt.unsafe_ask()


def _message(step: Step, qmark: str, *, rule: bool = False) -> str:
    """Help of a question, and its rule, as lines of the screen; what is typed or chosen follows on a line of its own."""
    told = step.question.render_value(step.question.help).strip() or step.name
    paragraphs = [told, *([f"Takes: {step.rule()}"] if rule and step.rule() else [])]
    first = " " * (len(qmark) + 1)
    lines = [line for number, text in enumerate(paragraphs) for line in wrapped(" ".join(text.split()), "" if number else first)]
    return "\n".join(lines).lstrip() + "\n "


def _choice_text(choice: Choice) -> str:
    text = f"{choice.label} ({choice.reason})" if choice.reason else choice.label
    indent = " " * BEFORE_CHOICE
    return "\n".join(wrapped(text, indent, indent)).lstrip()


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
