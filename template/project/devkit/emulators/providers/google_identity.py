"""The identity of a machine at Google: its metadata server, so that nobody's own login is ever used."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final

from aiohttp import web

from ... import project
from ..hub import Hub

ROOT: Final = "/computeMetadata/v1"
ACCOUNT: Final = ROOT + "/instance/service-accounts/{name}"
SCOPES: Final = ["https://www.googleapis.com/auth/cloud-platform"]
ANSWERS: Final[dict[str, Any]] = {
    "/": "",
    f"{ROOT}/project/project-id": "devkit",
    # No e-mail address: clients ask Google in which regions the account behind one may act.
    f"{ACCOUNT}/": {"email": "devkit", "aliases": ["default"], "scopes": SCOPES},
    f"{ACCOUNT}/token": {"access_token": "devkit", "token_type": "Bearer", "expires_in": 3600},
}
NO_LOGIN: Final = project.ROOT / "build" / "no-gcloud"  # nobody makes it
FLAVOR: Final = {"Metadata-Flavor": "Google"}  # by this a client knows that no stranger answers


@asynccontextmanager
async def serve(hub: Hub) -> AsyncIterator[dict[str, str]]:
    """Serve it on a free port of loopback; yields the variables that lead Google's libraries there and nowhere else."""
    del hub  # an identity is no stage: no fault strikes it
    app = web.Application()
    app.add_routes([web.get(path, partial(_answer, content)) for path, content in ANSWERS.items()])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    address = "{}:{}".format(*runner.addresses[0])
    try:
        yield {
            "GCE_METADATA_HOST": address,
            "GCE_METADATA_IP": address,
            "NO_GCE_CHECK": "false",
            "CLOUDSDK_CONFIG": str(NO_LOGIN),
            # Where gcloud leaves a login: none is there, so the metadata server is asked. If the variable were empty,
            # a file that `.env` names would be read.
            "GOOGLE_APPLICATION_CREDENTIALS": str(NO_LOGIN / "application_default_credentials.json"),
        }
    finally:
        await runner.cleanup()


async def _answer(content: Any, request: web.Request) -> web.Response:
    del request  # the same for everybody
    if isinstance(content, str):
        return web.Response(text=content, headers=FLAVOR)
    return web.json_response(content, headers=FLAVOR)
