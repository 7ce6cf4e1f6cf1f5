"""`python -m devkit evidence`: what the chosen providers do, measured with their keys against the plan.

Exit codes: 0 measured, 2 wrong use or not agreed to, 4 a key or a voice is missing, 5 a model or the call failed.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from typing import Any

from ..processes import WrongUse
from . import access, bill, material, measure, page, plan, proof, result

MEASURED, FAILED = 0, 5
DEFAULT_CAP_USD = 1.0


def main(argv: list[str]) -> int:
    """Reckon, ask, measure, write; the exit code is 0 or 5.

    Raises:
        WrongUse: the bill is above the cap, or nobody agreed to it; nothing was sent.
        Trouble: keys, the plan or a voice are missing, or the pipeline cannot be built; nothing was sent.
    """
    parser = argparse.ArgumentParser(prog="python -m devkit evidence", description=__doc__)
    parser.add_argument("--turns", type=int, default=result.LEAST, help="of each model; fewer than 50 prove nothing")
    parser.add_argument("--cap", type=float, help=f"what it may cost, in USD; {DEFAULT_CAP_USD:.2f} if not given")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    options = parser.parse_args(argv)
    if options.turns < 1:
        raise WrongUse(f"TURNS={options.turns}: one at least")
    if options.cap is not None and not options.cap > 0:
        raise WrongUse(f"CAP={options.cap} is no amount of USD")
    settings = access.settings()
    redact = access.Redactor(settings)
    record = _run(settings, redact, options)
    result.write(record, redact)
    print(redact("\n".join(["", *page.table(record), "", f"written to {result.FOLDER}"])))
    failed = any(model["verdict"] == "failed" for model in record["models"])
    return FAILED if failed or not record["call"]["ok"] else MEASURED


def _run(settings: Any, redact: access.Redactor, options: argparse.Namespace) -> dict[str, Any]:
    planned, script = plan.read(), proof.usual()
    said = material.gather(settings)
    rows = bill.estimate(planned, said, options.turns)
    meter = bill.Meter(DEFAULT_CAP_USD if options.cap is None else options.cap)
    print(bill.table(rows, meter.cap, options.turns), flush=True)
    bill.agree(rows, meter.cap, explicit=options.cap is not None, yes=options.yes)
    with measure.silenced():
        found = asyncio.run(measure.everything(settings, planned, said, options.turns, meter, redact))
        print("one spoken call ...", file=sys.stderr, flush=True)
        call = proof.hold(script) if meter.allows(rows[-1].usd) else proof.Call(["not held: the cap was reached"])
    meter.add((planned.call_minute or 0.0) * call.minutes)
    usd = {"estimate": sum(row.usd or 0.0 for row in rows), "spent": meter.spent, "cap": meter.cap}
    return result.compose(found, call, hosts=access.hosts(settings), voice=said.voice, usd=usd)
