"""`watch` sees a change of what is deployed, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from stack.deploy.package import PARTS
from stack.local import watching


def test_a_change_of_the_app_is_seen_once_and_other_files_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for part in PARTS:
        (tmp_path / part).touch() if "." in part[1:] else (tmp_path / part).mkdir()
    new = tmp_path / "chalicelib" / "new.py"
    happens: list[Callable[[], object]] = []
    looks = 0

    def sleep(_: float) -> None:
        nonlocal looks
        looks += 1
        if happens:
            happens.pop(0)()
        elif looks > 20:
            raise TimeoutError("nothing changes any more")

    monkeypatch.setattr(watching, "time", SimpleNamespace(sleep=sleep))
    seen = watching.changes(tmp_path)
    next(seen)
    assert looks == 1, "what is there is deployed first"
    happens += [lambda: (tmp_path / "README.md").write_text("no part of the app"), lambda: None, lambda: None]
    happens.append(lambda: new.write_text("a = 1"))
    next(seen)
    assert not happens
    happens.append(new.unlink)
    next(seen)
    with pytest.raises(TimeoutError):
        next(seen)
