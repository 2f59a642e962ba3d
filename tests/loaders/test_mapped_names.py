"""`--map`: what a file calls its fields, where that is not understood."""

from pathlib import Path

import pytest

from loaders.cli import main
from loaders.formats import formats
from tests.loaders.loading import FILES

ALONE = ("--owner", "ann", "--dry-run")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "file"


@pytest.mark.parametrize(
    "content",
    [
        "Aufgabe,Nr,Fällig\nMilch,1,2026-12-01\n",
        "Aufgabe\tNr\tFällig\nMilch\t1\t2026-12-01\n",
        '{"Aufgabe": "Milch", "Nr": 1, "Fällig": "2026-12-01"}\n',
        '[{"Aufgabe": "Milch", "Nr": 1, "Fällig": "2026-12-01"}]',
    ],
)
def test_several_fields_may_be_named_in_csv_and_json(
    file: Path, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    file.write_text(content)
    assert main([str(file), *ALONE, "--map", "title=Aufgabe", "--map", "id=Nr", "--map", "due=Fällig"]) == 0
    assert "1 would be added" in capsys.readouterr().out
    # A title that is taken for a date shows that the names are heeded.
    assert main([str(file), *ALONE, "--map", "title=Nr", "--map", "due=Aufgabe"]) == 1
    assert "'Aufgabe': expected a date" in capsys.readouterr().err


def test_a_name_that_is_given_goes_before_one_that_is_understood(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text("title,task,notes\n,Milch,x\n")
    assert main([str(file), *ALONE]) == 1
    assert main([str(file), *ALONE, "--map", "title=task"]) == 0


@pytest.mark.parametrize(
    ("mapping", "explanation"),
    [
        (["title=Task"], "--map names the column 'Task', which does not exist: the header has 'Aufgabe', 'Nr'"),
        (["title=Aufgabe", "title=Nr"], "--map gives a field or a column twice"),
        (["title=Nr", "notes=Nr"], "--map gives a field or a column twice"),
    ],
)
def test_impossible_names_are_reported(
    file: Path, capsys: pytest.CaptureFixture[str], mapping: list[str], explanation: str
) -> None:
    file.write_text("Aufgabe,Nr\nMilch,1\n")
    assert main([str(file), *ALONE, *(part for each in mapping for part in ("--map", each))]) == 2
    printed = capsys.readouterr()
    assert explanation in printed.out + printed.err


@pytest.mark.parametrize("mapping", ["title", "title=", "=Task", "version=Task"])
def test_only_fields_of_a_todo_can_be_named(mapping: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["-", *ALONE, "--map", mapping])
    assert ended.value.code == 2


def test_a_format_whose_names_are_known_takes_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(FILES / "todo.txt"), *ALONE, "--map", "title=Task"]) == 2
    assert "--map is for CSV and JSON" in capsys.readouterr().err


@pytest.mark.parametrize("file_name", [path.name for path in sorted(FILES.iterdir())])
def test_every_fixture_loads_by_the_command(file_name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(FILES / file_name), *ALONE]) == 0
    assert ", 0 rejected" in capsys.readouterr().out


def test_the_help_lists_the_formats(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    assert f"formats: {', '.join(sorted(formats()))}\n" in capsys.readouterr().out
