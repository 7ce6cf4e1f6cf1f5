"""The command line. Copier takes 0.8 s to import: only what needs it does."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from . import __version__, source
from .errors import Problem, Refused
from .screen import fail, say
from .update.command import update

if TYPE_CHECKING:
    from .engine import Questionnaire, Step

ABORTED = 130
GRAVE = ("Blocker", "High")
SOURCE_HELP = "Repository that updates of the project will ask for newer versions; name your fork or mirror if you have one."


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="livekit-planner")
def main() -> None:
    """Answer deployment questions, get a complete LiveKit voice-agent repository.

    Exit codes: 0 done, 2 wrong use or answers, 3 conflicts left, 4 something missing, 5 a check failed or behind.
    """


@main.command()
@click.argument("dest", type=click.Path(path_type=Path))
@click.option("--preset", help="Start from a preset, for example web-assistant.")
@click.option("--answers", "file", type=click.Path(path_type=Path), help="YAML file of answers; wins over the preset.")
@click.option("--set", "sets", multiple=True, metavar="NAME=VALUE", help="One answer, repeatable; wins over the file.")
@click.option("--set-words", "words", default="", hidden=True, help="Several answers in one text, as `make new SET=` has them.")
@click.option("--defaults", is_flag=True, help="Ask nothing: what is not given is what the preset says.")
@click.option("--dry-run", is_flag=True, help="List the files, write nothing.")
@click.option("--source", "origin", default=source.SOURCE, show_default=True, help=SOURCE_HELP)
@click.option("--allow-dirty", is_flag=True, help="Generate from a checkout with uncommitted changes.")
@click.option("--accept-blockers", is_flag=True, help="Generate although the plan's review finds what will not work.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def new(
    dest: Path,
    preset: str | None,
    file: Path | None,
    sets: Sequence[str],
    words: str,
    defaults: bool,
    dry_run: bool,
    origin: str,
    allow_dirty: bool,
    accept_blockers: bool,
    as_json: bool,
) -> None:
    """Generate a project in DEST."""
    try:
        template = source.find()
        version = _version(template, allow_dirty)
        interactive = not (defaults or as_json or dry_run) and sys.stdin.isatty() and sys.stdout.isatty()
        recorded = {"_src_path": source.located(origin), "_commit": version.recorded}
        with source.staged(template) as place:
            from . import answers as merge
            from . import engine, generate

            if not dry_run:
                generate.check_place(dest)
            with engine.Questionnaire(place) as questionnaire:
                told = merge.gather(preset, file, [*merge.split_words(words), *sets])
                given = merge.split_lists(told, questionnaire.specifications)
                if interactive:
                    merge.judge(questionnaire, given, plan=False)
                    given = _asked(questionnaire, given)
                steps = merge.judge(questionnaire, given)
                computed = _plan(steps)
                found = _findings(steps)
                _review(steps, accepted=accept_blockers, interactive=interactive)
            files = (
                generate.preview(place, given, recorded, computed) if dry_run else generate.generate(place, dest, given, recorded, computed)
            )
    except Refused as refused:
        fail(refused, as_json)
    except KeyboardInterrupt:
        click.echo("Left: nothing was written.", err=True)
        sys.exit(ABORTED)
    _report(dest, files, recorded, found, dry_run=dry_run, as_json=as_json)


def _version(template: source.Template, allow_dirty: bool) -> source.Version:
    version = source.version_of(template)
    if version.dirty and not allow_dirty:
        fix = "commit them, or take --allow-dirty and know that the project cannot be updated from it"
        raise Refused(Problem("template", str(template.root), "has changes that are not committed", fix))
    if version.dirty:
        click.echo("Warning: the template has uncommitted changes; the recorded version does not hold them.", err=True)
    return version


def _asked(questionnaire: Questionnaire, given: dict[str, Any]) -> dict[str, Any]:
    from . import wizard

    answered = wizard.ask(questionnaire, given)
    if answered is None:
        raise KeyboardInterrupt
    return answered


def _plan(steps: Sequence[Step]) -> dict[str, Any]:
    plan: dict[str, Any] = next(step.value for step in steps if step.name == "plan")
    return plan


def _findings(steps: Sequence[Step]) -> list[dict[str, Any]]:
    """Return the Blocker and High findings of the plan's review."""
    fields = ("severity", "answer", "effect", "remedy", "set")
    return [{field: one[field] for field in fields} for one in _plan(steps)["document"]["findings"] if one["severity"] in GRAVE]


def _review(steps: Sequence[Step], *, accepted: bool, interactive: bool) -> None:
    """Stop at what the plan's review calls a Blocker, unless it is accepted; a person is asked.

    Raises:
        Refused: with every Blocker.
    """
    values = {step.name: step.value for step in steps}
    grave = [one for one in _findings(steps) if one["severity"] == "Blocker"]
    blockers = [Problem(one["answer"], values.get(one["answer"]), one["effect"], one["remedy"]) for one in grave]
    if not blockers:
        return
    if not accepted and not interactive:
        raise Refused(*(replace(blocker, fix=f"{blocker.fix} Or take --accept-blockers.") for blocker in blockers))
    for blocker in blockers:
        say(f"Blocker: {blocker.line()}", err=True)
    if not accepted and not click.confirm("Generate it all the same?", err=True):
        raise KeyboardInterrupt


def _report(dest: Path, files: list[str], recorded: dict[str, str], found: list[dict[str, Any]], *, dry_run: bool, as_json: bool) -> None:
    steps = [f"cd {shlex.quote(str(dest))}", "make setup", "make call"]
    if as_json:
        made = {"ok": True, "path": str(dest), "dry_run": dry_run, "files": files, "recorded": recorded, "next": steps, "findings": found}
        click.echo(json.dumps(made, indent=2, ensure_ascii=False))
        return
    if dry_run:
        click.echo("\n".join(files))
    else:
        say(f"{len(files)} files in {dest}. Go on with:")
        click.echo("\n".join(f"  {step}" for step in steps))
        say("Keep it in git from the first day (git init && git add -A && git commit): updates need its history.")
    high = [one for one in found if one["severity"] == "High"]
    if high:
        count = f"{len(high)} High finding{'s' if len(high) > 1 else ''}"
        told = f"The plan's review has {count}: the agent works, and this is what production would show."
        say("\n".join([told, *map(_finding_text, high)]), err=dry_run)


def _finding_text(finding: Mapping[str, Any]) -> str:
    """Format one finding: its effect, its remedy, and the answer that removes it."""
    lines = [f"  High {finding['answer']}: {finding['effect']}", f"    {finding['remedy']}"]
    answers = [(name, value) for name, value in (finding["set"] or {}).items() if value is not None]
    if answers:
        texts = [f"{name}={','.join(value) if isinstance(value, list) else value}" for name, value in answers]
        lines.append("    Removed by " + " ".join(f"--set {shlex.quote(text)}" for text in texts))
    return "\n".join(lines)


@main.command()
@click.option("--preset", help="Start from a preset, for example front-desk; those that are not emitted yet too.")
@click.option("--answers", "file", type=click.Path(path_type=Path), help="YAML file of answers; wins over the preset.")
@click.option("--set", "sets", multiple=True, metavar="NAME=VALUE", help="One answer, repeatable; wins over the file.")
@click.option("--format", "form", type=click.Choice(["md", "json"]), default="md", show_default=True, help="The document or its numbers.")
@click.option("--json", "as_json", is_flag=True, help="The same as --format json, and errors for programs.")
def plan(preset: str | None, file: Path | None, sets: Sequence[str], form: str, as_json: bool) -> None:
    """Print the architecture plan; nothing is written. What is not emitted yet can be planned."""
    try:
        with source.staged(source.find()) as place:
            from . import answers as merge
            from . import engine

            with engine.Questionnaire(place) as questionnaire:
                steps = merge.judge(questionnaire, merge.gather(preset, file, sets), planning=True)
                against = merge.refused_by_new(questionnaire, steps)
                name = "plan.json" if as_json or form == "json" else "PLAN.md"
                page = questionnaire.page(f"docs/architecture/{name}.jinja", steps)
        click.echo(_told(page, against, as_json=name == "plan.json"), nl=False)
    except Refused as refused:
        fail(refused, as_json)


def _told(page: str, refused: Sequence[Problem], *, as_json: bool) -> str:
    """Return the page, with the answers that `new` refuses in its first lines."""
    if not refused:
        return page
    if as_json:
        document = {"refused_by_new": [one.record() for one in refused], **json.loads(page)}
        return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    title, _, rest = page.partition("\n")
    lines = [f"> * `{one.field}`: {one.value}: {one.reason}" for one in refused]
    note = (
        "> **A plan, not yet a project.** `livekit-planner new` refuses these answers; files that the plan names for them do not exist yet."
    )
    return "\n".join([title, "", note, ">", *lines, rest])


@main.command()
@click.argument("name", required=False)
@click.option("--set", "sets", multiple=True, metavar="NAME=VALUE", help="With NAME: choices under this answer.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def options(name: str | None, sets: Sequence[str], as_json: bool) -> None:
    """List the questions; with NAME, its choices, and why some cannot be taken."""
    try:
        template = source.find()
        shown = [_detail(template, name, sets)] if name else _listed(template)
    except Refused as refused:
        fail(refused, as_json)
    if as_json:
        click.echo(json.dumps(shown, indent=2, ensure_ascii=False))
        return
    for question in shown:
        click.echo(_question_text(question))


def _listed(template: source.Template) -> list[dict[str, Any]]:
    from .catalogue import describe

    return describe(template)


def _detail(template: source.Template, name: str, sets: Sequence[str]) -> dict[str, Any]:
    from . import answers as merge
    from . import engine

    described = {question["name"]: question for question in _listed(template)}
    with source.staged(template) as place, engine.Questionnaire(place) as questionnaire:
        given = merge.read_sets(sets)
        if name not in described:
            merge.judge(questionnaire, {**given, name: None}, plan=False)
        step = next(step for step in merge.judge(questionnaire, given, plan=False) if step.name == name)
        choices = [{"value": choice.value, "label": choice.label, "reason": choice.reason} for choice in step.choices()]
        takes = "" if choices else step.rule()
    return {**described[name], "default": step.value, "takes": takes, "choices": choices or None}


def _question_text(question: dict[str, Any]) -> str:
    lines = [f"{question['name']} ({question['type']}): {question['help']}"]
    if question.get("takes"):
        lines.append(f"  takes: {question['takes']}")
    if "default" in question:
        lines.append(f"  default: {_value_text(question['default'])}")
    for choice in question["choices"] or []:
        if isinstance(choice, dict):
            label = "" if choice["label"].startswith(f"{choice['value']}:") else f"{choice['value']}: "
            lines.append(f"    {label}{choice['label']}" + (f"  [not possible: {choice['reason']}]" if choice["reason"] else ""))
        else:
            lines.append(f"    {choice}")
    return "\n".join(lines)


def _value_text(value: Any) -> str:
    if value is None:
        return "left out, the plan derives it"
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(map(str, value)) or "none" if isinstance(value, list) else str(value)


main.add_command(update)
