"""Which module may import what (docs: the layout of the design): found in the source, imports inside functions too."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.support.paths import ROOT

AWS = {"boto3", "botocore", "pynamodb", "aws_lambda_powertools"}
# DynamoDB first, then the clients of the other services, what tells their errors apart, and what logs.
SPEAK_TO_AWS = {
    "ledger", "tables", "dynamo", "settings_items", "views.store", "views.queries", "views.feed", "views.generations",
    "queues", "topic", "failures", "triggers.deliver", "logs",
}  # fmt: skip

# From the inside out: a module imports its own layer and those before it.
LAYERS = [
    {
        "keys", "todos", "todos.fields", "todos.content", "todos.decide", "todos.events", "todos.fold",
        "todos.instants", "todos.recurrence", "todos.rules", "event_items", "shapes", "cloudevents", "destinations",
        "vtodos", "export_rows",
    },
    {
        "settings", "backoff", "logs", "metrics", "dynamo", "tables", "queues", "failures", "quarantine", "topic",
        "delivery",
    },
    {
        "ledger", "ledger_scanning", "settings_items", "webhooks", "feed_tokens",
        "views", "views.projection", "views.schema", "views.view_items", "views.store",
        "views.queries", "views.positions", "views.feed", "views.filling", "views.scanning", "views.generations",
    },
    {
        "service", "clearing", "reminders", "rebuild",
        "audit", "audit.findings", "audit.streams", "audit.partitions", "audit.rechecks", "audit.passes",
    },
    {"api", "triggers"},
]  # fmt: skip


def modules() -> dict[str, Path]:
    """The modules of chalicelib by name, without the package's own."""
    found = {}
    for path in sorted((ROOT / "chalicelib").rglob("*.py")):
        parts = path.relative_to(ROOT / "chalicelib").with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if name:
            found[name] = path
    return found


def imported_by(source: str) -> set[str]:
    """Every name that the source imports from, at any depth: `from a import b` gives a and a.b."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            assert node.module is not None
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def top_level(names: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in names}


def within(names: set[str]) -> set[str]:
    """The modules of chalicelib among the imported names."""
    return {name.removeprefix("chalicelib.") for name in names} & set(modules())


def layer_of(module: str) -> int:
    return next(
        (
            number
            for number, layer in enumerate(LAYERS)
            if module in layer or (number == len(LAYERS) - 1 and module.split(".")[0] in layer)
        ),
        -1,
    )


@pytest.fixture(params=sorted(modules()))
def module(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def imports(module: str) -> set[str]:
    return imported_by(modules()[module].read_text())


def test_every_module_has_its_layer(module: str) -> None:
    assert layer_of(module) >= 0, "a new module: say in LAYERS where it belongs"


def test_no_module_reaches_outwards(module: str, imports: set[str]) -> None:
    assert {name for name in within(imports) if layer_of(name) > layer_of(module)} == set()


def test_only_these_speak_to_aws(module: str, imports: set[str]) -> None:
    if module not in SPEAK_TO_AWS:
        assert top_level(imports) & AWS == set()


def test_the_domain_and_the_projection_are_pure(module: str, imports: set[str]) -> None:
    if layer_of(module) == 0 or module == "views.projection":
        assert top_level(imports) & {*AWS, "chalice", "requests", "urllib3", "jwt", "os"} == set()
        assert {layer_of(name) for name in within(imports)} <= {0}


def test_only_the_http_side_and_the_triggers_know_chalice(module: str, imports: set[str]) -> None:
    if not module.startswith("api"):
        assert "chalice" not in top_level(imports)


def test_triggers_know_nothing_of_http_and_http_nothing_of_triggers(module: str, imports: set[str]) -> None:
    for one, other in [("api", "triggers"), ("triggers", "api")]:
        if module.split(".")[0] == one:
            assert {name for name in within(imports) if name.split(".")[0] == other} == set()


def test_only_settings_reads_the_environment(module: str, imports: set[str]) -> None:
    if module != "settings":
        assert not imports & {"os", "os.environ"}


def test_only_the_ledger_knows_its_table(module: str, imports: set[str]) -> None:
    if module != "ledger":
        assert "tables" not in within(imports)


def test_the_service_knows_nothing_of_the_tools_around_it(imports: set[str]) -> None:
    assert top_level(imports) & {"loaders", "stack", "bench", "tests", "app"} == set()


@pytest.mark.parametrize(
    "source",
    [
        "import botocore.session",
        "from botocore import session",
        "def f():\n    import botocore",
        "if x:\n import botocore",
    ],
)
def test_no_import_hides_from_this(source: str) -> None:
    assert top_level(imported_by(source)) == {"botocore"}
