"""The one number that tells speech from a cough."""

from __future__ import annotations

from typing import Final

# Voice shorter than this, in s, is a cough or a door: no words are missed in it, and it is neither asked about nor
# covered by a filler.
COUGH_S: Final = 0.5
