"""A copy of the app whose handlers fail at random, to be packaged instead of the app."""

from __future__ import annotations

import shutil
from pathlib import Path

from bench.experiment import faults
from stack.deploy.package import copy_app
from stack.settings import REPOSITORY

_AT_THE_END = "\n\nfrom chalicelib import faults\n\nfaults.install(globals())\n"


def copy_faulty_app(project: Path) -> None:
    """Copy the app to a new directory, and make its handlers fail there."""
    copy_app(REPOSITORY, project)
    shutil.copy2(faults.__file__, project / "chalicelib" / "faults.py")
    with open(project / "app.py", "a") as app:
        app.write(_AT_THE_END)
