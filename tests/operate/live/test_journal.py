"""A local stack that is killed: what it acknowledged is there when it is started again, or a sentence says why not."""

from __future__ import annotations

import re
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from stack import cli
from stack.errors import PortTaken, StackError
from stack.local import launch
from stack.local.journal.files import Files, InUse
from stack.local.local_stack import LocalStack
from tests.support.client import Client
from tests.support.paths import ROOT
from tests.support.reset import become, forget_everything
from tests.support.waiting import eventually, shows

pytestmark = pytest.mark.engine

FIELDS = ("id", "version", "title")

# As a version without a journal left the tables: the engine's own file, which it wrote when it was stopped.
SAVE_AS_BEFORE = """
import sys
from pathlib import Path
from ministack.core import persistence
from ministack.services import dynamodb
from stack.local.journal.capture import Capture
from stack.local.journal.files import Files

save = dynamodb.get_state
Capture().install(Files(Path(sys.argv[1])).read()[0])
persistence.save_state("dynamodb", save())
"""


@pytest.fixture(scope="module")
def said() -> list[str]:
    """What the stack's last start said."""
    return []


@pytest.fixture(scope="module")
def keeping(tmp_path_factory: pytest.TempPathFactory, said: list[str]) -> Iterator[LocalStack]:
    """A stack that keeps what it acknowledges; it runs when a test begins."""
    with LocalStack(tmp_path_factory.mktemp("keeping"), say=said.append) as stack:
        yield stack


@pytest.fixture
def client(keeping: LocalStack, said: list[str], request: pytest.FixtureRequest) -> Client:
    """An owner of the test's own."""
    said.clear()
    keeping.start()
    return Client(keeping.url, keeping.token(request.node.name))


@pytest.fixture
def clean(keeping: LocalStack, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Audit finds nothing after the test."""
    yield
    become(monkeypatch, keeping.environment())
    forget_everything()
    assert cli.main(["audit", "--patience", "180"]) == 0
    forget_everything()


def journal(stack: LocalStack) -> Files:
    return Files(stack.state.journal)


@pytest.mark.usefixtures("clean")
def test_todos_names_cursors_and_entity_tags_hold_over_a_crash(
    keeping: LocalStack, client: Client, said: list[str]
) -> None:
    todos = [client.created_and_seen(f"Todo {number}") for number in range(3)]
    assert client.put("/lists/kept").status_code == 201
    tag = client.get(f"/todos/{todos[0]['id']}").headers["ETag"]
    cursor = client.get("/changes").json()["cursor"]
    keeping.kill()

    assert keeping.start()

    text = "\n".join(said)
    assert re.search(r"killed, not stopped; brought back .*: [\d,]+ events? and [\d,]+ changes? of settings", text), (
        text
    )
    assert "deployed" not in text
    assert "catching" not in text
    assert client.get(f"/todos/{todos[0]['id']}", if_none_match=tag).status_code == 304
    assert client.lists().keys() == {"inbox", "kept"}
    assert client.get(f"/changes?since={cursor}").json()["changes"] == []
    later = client.created_and_seen("Later")
    changes = client.get(f"/changes?since={cursor}").json()["changes"]
    assert [change["id"] for change in changes] == [later["id"]]


@pytest.mark.usefixtures("clean")
def test_nothing_is_said_after_a_stop_and_everything_is_there(
    keeping: LocalStack, client: Client, said: list[str]
) -> None:
    todo = client.created_and_seen("Kept")
    keeping.stop()
    assert keeping.start()
    assert said == ["starting the engine"]
    assert client.get(f"/todos/{todo['id']}").json() == todo
    assert client.stats()["total"] == 1


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize("was_killed", [False, True])
def test_the_state_of_a_version_without_a_journal_is_taken_over(
    keeping: LocalStack, client: Client, said: list[str], was_killed: bool
) -> None:
    todos = [client.created_and_seen(f"Todo {number}") for number in range(3)]
    assert client.put("/lists/kept").status_code == 201
    cursor = client.get("/changes").json()["cursor"]
    keeping.stop()
    tables = make_older(keeping)
    if was_killed:
        # While it took the state over the last time.
        keeping.state.journal.mkdir()
        journal(keeping).segment(1).write_bytes(b'01234567 1 [["started"],["item"')

    assert keeping.start()

    assert "catching the views up from the ledger" in said
    assert not tables.exists()
    keeping.kill()
    keeping.start()
    for todo in todos:
        assert client.get(f"/todos/{todo['id']}").json() == todo
    assert client.lists().keys() == {"inbox", "kept"}
    assert client.get(f"/changes?since={cursor}").json()["changes"] == []
    client.created_and_seen("Later")


def make_older(stack: LocalStack) -> Path:
    """Make the state of a stack that was stopped what a version without a journal left; the file of its tables."""
    directory = stack.state.engine_data / "state"
    variables = {"PERSIST_STATE": "1", "STATE_DIR": str(directory)}
    command = [sys.executable, "-c", SAVE_AS_BEFORE, str(stack.state.journal)]
    subprocess.run(command, cwd=ROOT, env=launch.inherited_environment() | variables, check=True)
    shutil.rmtree(stack.state.journal)
    stack.state.start_record.unlink()
    tables = directory / "dynamodb.json"
    assert tables.stat().st_size > 1000
    return tables


def test_two_starts_at_once_start_one_engine(keeping: LocalStack, client: Client) -> None:
    todo = client.create("Kept")
    keeping.kill()
    with ThreadPoolExecutor(2) as pool:
        starts = [pool.submit(LocalStack(keeping.state.directory, keeping_port(keeping)).start) for _ in range(2)]
        assert sorted(start.result() for start in starts) == [False, True]
    assert client.get(f"/todos/{todo['id']}").status_code == 200


def keeping_port(stack: LocalStack) -> int:
    return int(stack._port)


def test_an_engine_that_nobody_knows_of_keeps_others_away(keeping: LocalStack, client: Client) -> None:
    todo = client.create("Kept")
    record = keeping.state.engine_record.read_text()
    keeping.state.engine_record.unlink()
    with pytest.raises(StackError, match="another engine uses"):
        LocalStack(keeping.state.directory).start()
    keeping.state.engine_record.write_text(record)
    assert client.get(f"/todos/{todo['id']}").status_code == 200
    with pytest.raises(InUse), journal(keeping).held_by_writer():
        pass


def test_a_full_disk_is_said_and_nothing_is_acknowledged(keeping: LocalStack, client: Client) -> None:
    todo = client.create("Before")
    pid = keeping.engine.pid
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    # As a full disk does, it lets the beginning of a line through.
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (10, hard))
    refused = client.post("/todos", {"title": "Refused"})
    assert refused.status_code == 503
    assert eventually(lambda: "writing to" in client.get("/stats").text)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
    eventually(lambda: client.get("/stats").status_code == 200)
    after = client.create("After")
    keeping.kill()
    keeping.start()
    for each in (todo, after):
        assert client.get(f"/todos/{each['id']}").json() == each


def test_a_line_that_was_cut_is_left_out_and_said(keeping: LocalStack, client: Client, said: list[str]) -> None:
    todo = client.create("Kept")
    keeping.kill()
    with journal(keeping).segment(journal(keeping).segments()[-1]).open("ab") as file:
        file.write(b'01234567 99 [["item"')
    assert keeping.start()
    assert "nobody was told" in "\n".join(said)
    assert client.get(f"/todos/{todo['id']}").status_code == 200


def test_a_damaged_line_stops_the_start_and_what_is_whole_can_be_salvaged(
    keeping: LocalStack, client: Client, said: list[str], tmp_path: Path
) -> None:
    lost, kept = client.create("Damaged"), client.create("Whole")
    keeping.kill()
    path = journal(keeping).segment(journal(keeping).segments()[-1])
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"Damaged", b"Damage!"))
    with pytest.raises(StackError, match=r"the journal is damaged: line \d+ of .*restore-local FILE.*--salvage"):
        keeping.start()
    assert path.read_bytes().count(b"Damage!")

    def salvage() -> bool:
        # Somebody's connection may have the port for a moment.
        with suppress(PortTaken):
            return LocalStack(keeping.state.directory, keeping_port(keeping), attached=False, salvage=True).start()
        return False

    assert eventually(salvage)
    assert client.get(f"/todos/{kept['id']}").json() == kept
    assert client.get(f"/todos/{lost['id']}").status_code == 404
    assert list((keeping.state.journal / "damaged").iterdir())
    # The other tests want what is damaged now back.
    keeping.run_module("stack", "catchup")


def test_a_backup_of_a_running_stack_starts_elsewhere(
    keeping: LocalStack, client: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    todo = client.created_and_seen("Moved")
    cursor = client.get("/changes").json()["cursor"]
    tag = client.get(f"/todos/{todo['id']}").headers["ETag"]
    file, elsewhere = tmp_path / "backup.gz", tmp_path / "elsewhere"
    assert cli.main(["--directory", str(keeping.state.directory), "backup", str(file)]) == 0
    assert cli.main(["--directory", str(elsewhere), "restore-local", str(file)]) == 0
    assert cli.main(["--directory", str(elsewhere), "restore-local", str(file)]) == 1
    assert "has a state already" in capsys.readouterr().err

    with LocalStack(elsewhere) as moved:
        there = Client(moved.url, client.token)
        assert there.get(f"/todos/{todo['id']}", if_none_match=tag).status_code == 304
        assert there.get(f"/changes?since={cursor}").json()["changes"] == []
        there.created_and_seen("There")
        shows(lambda: there.stats()["total"], 2)
    assert client.stats()["total"] == 1


@pytest.mark.parametrize("damage", ["cut", "changed", "other"])
def test_a_damaged_backup_is_refused(
    keeping: LocalStack, client: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: str
) -> None:
    client.create("Backed up")
    file = tmp_path / "backup"
    assert cli.main(["--directory", str(keeping.state.directory), "backup", str(file)]) == 0
    whole = file.read_bytes()
    file.write_bytes({"cut": whole[:-20], "changed": whole.replace(b"Backed", b"Packed"), "other": b"{}"}[damage])
    assert cli.main(["--directory", str(tmp_path / "elsewhere"), "restore-local", str(file)]) == 1
    assert "backup" in capsys.readouterr().err
    assert not (tmp_path / "elsewhere" / "journal" / "base-00000001").exists()
