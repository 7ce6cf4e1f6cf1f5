"""`livekit-planner update` on the command line."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from ..errors import DONE, Refused
from ..screen import fail, say
from .run import Options, Told, run

INTERRUPTED: Final = 130


def _tell(told: Told, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(told.record, indent=2, ensure_ascii=False))
    else:
        say(told.text, err=told.code != DONE)


@click.command()
@click.argument("dest", default=".", type=click.Path(path_type=Path))
@click.option("--to", metavar="VERSION", help="Release, tag or commit to go to; else what this livekit-planner generates.")
@click.option("--set", "sets", multiple=True, metavar="NAME=VALUE", help="Change one answer, repeatable.")
@click.option("--unset", "unsets", multiple=True, metavar="NAME", help="Forget one answer: it follows its default again. Repeatable.")
@click.option("--reseed", metavar="PRESET", help="Take another preset's answers; name, organisation and licence stay.")
@click.option("--source", "named", metavar="PATH|URL", help="Repository of the template, if the recorded one has moved or is out of reach.")
@click.option("--yours", is_flag=True, help="Also write the new version of your own files that you never edited.")
@click.option("--dry-run", is_flag=True, help="Show what would change, write nothing.")
@click.option("--diff", is_flag=True, help="Show it line by line, also for your own files, which are not written.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--accept-blockers", is_flag=True, help="Update although the plan's review newly finds what will not work.")
@click.option("--check", "action", flag_value="check", help="Only tell whether the project is behind: exit code 5 if so.")
@click.option("--continue", "action", flag_value="continue", help="Finish an update whose conflicts you have resolved.")
@click.option("--abort", "action", flag_value="abort", help="Undo the last update: everything is as it was before.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def update(
    dest: Path,
    to: str | None,
    sets: Sequence[str],
    unsets: Sequence[str],
    reseed: str | None,
    named: str | None,
    yours: bool,
    dry_run: bool,
    diff: bool,
    yes: bool,
    accept_blockers: bool,
    action: str | None,
    as_json: bool,
) -> None:
    """Bring the project in DEST to another version of the template, or to other answers.

    Your edits are merged by git; your own files are left alone. First it shows what would change, then it asks. Exit codes: 0 done,
    2 wrong use or answers, 3 conflicts left, 4 something missing, 5 behind (--check).
    """
    from .plan import Wanted

    wanted = Wanted(sets, unsets, reseed, yours)
    options = Options(to, named, dry_run, diff, yes, as_json, accept_blockers)
    try:
        told = run(dest, action or "update", wanted, options)
    except Refused as refused:
        fail(refused, as_json)
    except (KeyboardInterrupt, click.Abort):
        say("Left: nothing was written.", err=True)
        sys.exit(INTERRUPTED)
    _tell(told, as_json)
    sys.exit(told.code)
