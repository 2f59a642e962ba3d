"""A function's code, which the emulator unpacks once: otherwise for each process, which is thousands of files.

Lambda's processes share theirs too, and cannot write to it.
"""

from __future__ import annotations

import os
import types
import zipfile
from pathlib import Path
from typing import Any, Final

# The end of an archive without files (APPNOTE.TXT of ZIP, 4.3.16); its comment, with its length, follows.
_EMPTY: Final = b"PK\x05\x06" + bytes(16)


def unpack_once() -> None:
    """Let all processes of a package use one directory of its files."""
    from ministack.core import lambda_runtime
    from ministack.services import lambda_svc

    worker_class: Any = lambda_runtime.Worker
    spawn = worker_class._spawn

    def spawn_in_place(self: Any) -> None:
        code = self.code_zip
        self.code_zip = _pointer(lambda_svc._provided_runtime_code_dir(code))
        try:
            spawn(self)
        finally:
            self.code_zip = code

    worker_class._spawn = spawn_in_place
    lambda_runtime.zipfile = types.SimpleNamespace(**{**vars(zipfile), "ZipFile": _Archive})


def _pointer(directory: str) -> bytes:
    """An archive that stands for a directory."""
    path = os.fsencode(directory)
    return _EMPTY + len(path).to_bytes(2, "little") + path


class _Archive(zipfile.ZipFile):
    def extractall(self, path: Any = None, members: Any = None, pwd: bytes | None = None) -> None:
        """Unpack what is packed; of a pointer, make a link."""
        if self.comment and not self.filelist:
            Path(path).rmdir()
            Path(path).symlink_to(os.fsdecode(self.comment))
        else:
            super().extractall(path, members, pwd)
