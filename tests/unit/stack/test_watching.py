"""`watch` sees a change of what is deployed, and nothing else."""

from __future__ import annotations

import threading
from pathlib import Path
from queue import Empty, Queue

import pytest

from stack.deploy.package import PARTS
from stack.local import watching


def test_a_change_of_the_app_is_seen_once_and_other_files_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "POLL_SECONDS", 0.01)
    for part in PARTS:
        (tmp_path / part).touch() if "." in part[1:] else (tmp_path / part).mkdir()
    seen: Queue[int] = Queue()

    def watch() -> None:
        for number, _ in enumerate(watching.changes(tmp_path)):
            seen.put(number)

    threading.Thread(target=watch, daemon=True).start()
    assert seen.get(timeout=10) == 0, "what is there is deployed first"
    (tmp_path / "README.md").write_text("no part of the app")
    with pytest.raises(Empty):
        seen.get(timeout=0.2)
    (tmp_path / "chalicelib" / "new.py").write_text("a = 1")
    assert seen.get(timeout=10) == 1
    (tmp_path / "chalicelib" / "new.py").unlink()
    assert seen.get(timeout=10) == 2
