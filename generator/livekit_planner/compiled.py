"""Templates compiled by earlier runs, in the user's cache: half of the processor time of a run is compiling."""

from __future__ import annotations

import functools
import os
import stat
from contextlib import suppress
from importlib.metadata import version
from typing import Final

from jinja2 import Environment, FileSystemBytecodeCache
from jinja2.bccache import Bucket

from . import source

MOST: Final = 2000  # files, about 30 MB: a dozen versions of the template
_COMPILERS: Final = ("jinja2", "copier", "jinja2-ansible-filters")


class CompiledTemplates(FileSystemBytecodeCache):
    """Jinja's own cache, told apart by content: each run stages the template in another folder, and an update compiles two versions.

    A cache is only a cache: what cannot be read is compiled, what cannot be written is not kept.
    """

    def get_bucket(self, environment: Environment, name: str, filename: str | None, source: str) -> Bucket:
        """Return the bucket of one source under the settings that it is compiled with."""
        settings = (environment.trim_blocks, environment.lstrip_blocks, environment.keep_trailing_newline, sorted(environment.extensions))
        return super().get_bucket(environment, f"{name} {self.get_source_checksum(source)} {settings}", None, source)

    def load_bytecode(self, bucket: Bucket) -> None:
        """Read what is there; a file that is damaged counts as none."""
        try:
            super().load_bytecode(bucket)
        except Exception:  # pickle raises whatever the damage makes it raise
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled, if the disk takes it."""
        with suppress(OSError):
            super().dump_bytecode(bucket)


@functools.cache
def templates() -> CompiledTemplates | None:
    """Return the cache of this user and these libraries, None where there can be none.

    Bytecode is code: only a folder that nobody else can write to is read.
    """
    libraries = "-".join(version(name) for name in _COMPILERS)
    try:
        folder = source.cache() / "compiled" / libraries
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.stat()
        if found.st_uid != os.getuid() or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            return None
        cache = CompiledTemplates(str(folder))
        if sum(1 for _ in folder.iterdir()) > MOST:
            cache.clear()
    except (OSError, RuntimeError):  # RuntimeError: this user has no home
        return None
    return cache
