"""Who we are to Google Cloud."""

from __future__ import annotations

import os
from typing import Final

import google.auth
from google.auth.credentials import Credentials

from ..settings import Settings

SCOPES: Final = ("https://www.googleapis.com/auth/cloud-platform",)
FILE: Final = "GOOGLE_APPLICATION_CREDENTIALS"


def credentials(settings: Settings) -> Credentials:
    """The file that GOOGLE_APPLICATION_CREDENTIALS names, else this machine's identity (workload identity, gcloud).

    Raises:
        google.auth.exceptions.DefaultCredentialsError: neither exists, or the file cannot be used.
    """
    if settings.google_application_credentials:
        os.environ[FILE] = settings.google_application_credentials  # google.auth does not read .env
    found, _ = google.auth.default(SCOPES)
    return found
