"""Who we are to Google Cloud."""

from __future__ import annotations

from typing import Final, cast

import google.auth
from google.auth.credentials import Credentials

from ..settings import Settings

SCOPES: Final = ("https://www.googleapis.com/auth/cloud-platform",)


def credentials(settings: Settings) -> Credentials:
    """The file that GOOGLE_APPLICATION_CREDENTIALS names, else this machine's identity (workload identity, gcloud).

    Raises:
        google.auth.exceptions.DefaultCredentialsError: neither exists, or the file cannot be used.
    """
    file = settings.google_application_credentials
    load = google.auth.load_credentials_from_file
    found, _ = load(file, SCOPES) if file else google.auth.default(SCOPES)  # type: ignore[no-untyped-call]
    return cast("Credentials", found)
