"""The direction of imports between the rooms (folders), found in the source, imports inside functions included."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from itertools import permutations

import pytest

from tests.support.imports import imported_by, top_level
from tests.support.paths import ROOT

# From the inside out: a room of chalicelib imports itself and the rooms before it. "" is the modules at the root.
ROOMS = [
    "todos", "", "aws", "ledger", "publishing", "webhooks", "calendar", "views", "commands", "audit", "rebuild",
    "api", "mcp", "triggers",
]  # fmt: skip
# Rooms on one level, which know nothing of each other.
STRANGERS = [{"webhooks", "calendar"}, {"api", "triggers"}, {"mcp", "triggers"}]
# Pure modules outside `todos`: values in, values out.
PURE = {
    "ledger.codec", "ledger.errors", "publishing.cloudevents", "webhooks.urls", "webhooks.versions",
    "webhooks.schedule", "webhooks.messages", "calendar.vtodo", "views.projection", "views.schema", "views.codec",
}  # fmt: skip

# The same for the other two packages, where each module at the root is a room of its own.
ROOMS_OF = {
    "stack": [
        "errors", "settings", "progress", "aws", "deploy", "chalice_deploy", "drift", "local", "operate", "smoke",
        "commands", "cli", "__main__",
    ],
    "loaders": [
        "errors", "reading", "rows", "reconcile", "planner", "histories", "formats", "into", "prune",
        "output", "load", "session", "cli", "taskwarrior_export", "__main__",
    ],
}  # fmt: skip
STRANGERS_OF: dict[str, list[set[str]]] = {
    "stack": [{"drift", "local", "operate"}, {"chalice_deploy", "drift"}, {"chalice_deploy", "commands"}],
    "loaders": [{"formats", "into"}, {"cli", "taskwarrior_export"}],
}

AWS = {"boto3", "botocore", "pynamodb", "aws_lambda_powertools"}
# Beside the room `aws`: what PynamoDB, SNS and Powertools need.
SPEAK_TO_AWS = {"ledger.ledger", "ledger.model", "publishing.topic", "webhooks.guard"}
# What would change if Chalice ended (docs/adr/0011): serving a request, then packaging and deploying.
KNOW_CHALICE = {
    "app", "chalicelib.api.routing",
    "stack.chalice_deploy", "stack.deploy.package", "stack.deploy.stages", "stack.drift.functions",
}  # fmt: skip
IMPURE = {*AWS, "chalice", "requests", "urllib3", "jwt", "os"}
# What AWS's own clients and Lambda's runtime leave there is read where it is used.
READ_THE_ENVIRONMENT = {"settings", "deploying", "aws.thin.origin", "aws.thin.tracing"}

# Which top-level packages each may import.
MAY_IMPORT = {
    "chalicelib": set[str](),
    "loaders": {"chalicelib", "stack"},
    "stack": {"chalicelib"},
    "app": {"chalicelib", "stack"},
}
OURS = {*MAY_IMPORT, "bench", "tests"}


def sources() -> dict[str, str]:
    """The source of every module by its dotted name; of a package, that of its ``__init__``."""
    found = {"app": (ROOT / "app.py").read_text()}
    for package in ("chalicelib", "loaders", "stack"):
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path.read_text()
    return found


SOURCES = sources()


def room_of(module: str) -> str:
    """The room of a module of chalicelib (named without the package)."""
    room, dot, _ = module.partition(".")
    return room if dot or is_package(f"chalicelib.{module}") else ""


def is_package(name: str) -> bool:
    return (ROOT / name.replace(".", "/") / "__init__.py").exists()


def breaches(module: str, source: str) -> Iterator[str]:
    """The imports that a module of this name and source must not have."""
    names = imported_by(source)
    tops = top_level(names)
    package, _, within = module.partition(".")
    if "chalice" in tops and module not in KNOW_CHALICE:
        yield "imports chalice"
    yield from (f"imports {top}" for top in tops & OURS - {package} - MAY_IMPORT[package])
    if package == "chalicelib" and within:
        yield from _breaches_of_a_room(within, names, tops)
    elif package in ROOMS_OF and within:
        yield from _breaches_of_direction(package, within, names)


def _breaches_of_direction(package: str, module: str, names: set[str]) -> Iterator[str]:
    rooms, room = ROOMS_OF[package], module.partition(".")[0]
    if room not in rooms:
        yield f"is in the room {room}: say in ROOMS_OF where it belongs"
        return
    imported = {name.split(".")[1] for name in names & SOURCES.keys() if name.startswith(f"{package}.")}
    for other in sorted(imported - {room}):
        is_stranger = any({room, other} <= strangers for strangers in STRANGERS_OF[package])
        if rooms.index(other) > rooms.index(room) or is_stranger:
            yield f"imports {package}.{other}"


def _breaches_of_a_room(module: str, names: set[str], tops: set[str]) -> Iterator[str]:
    room = room_of(module)
    if room not in ROOMS:
        yield f"is in the room {room}: say in ROOMS where it belongs"
        return
    modules = {name[len("chalicelib.") :] for name in names & SOURCES.keys() if name.startswith("chalicelib.")}
    modules = {name for name in modules if not is_package(f"chalicelib.{name}")}
    for other in {room_of(name) for name in modules} - {room}:
        if ROOMS.index(other) > ROOMS.index(room) or any({room, other} <= strangers for strangers in STRANGERS):
            yield f"imports the room {other or 'of the root'}"
    is_pure = room == "todos" or module in PURE
    if is_pure:
        yield from (
            f"imports {name}, and is pure" for name in tops & {*AWS, "chalice", "requests", "urllib3", "jwt", "os"}
        )
        impure = {name for name in modules if room_of(name) != "todos" and name not in PURE}
        yield from (f"imports {name}, and is pure" for name in impure)
    if room != "aws" and module not in SPEAK_TO_AWS:
        yield from (f"imports {name}" for name in tops & AWS)
    if module not in READ_THE_ENVIRONMENT and names & {"os", "os.environ"}:
        yield "imports os"
    if room != "ledger" and "ledger.model" in modules:
        yield "imports the model of the ledger's table"


@pytest.mark.parametrize("module", sorted(SOURCES))
def test_a_module_imports_only_what_its_room_may(module: str) -> None:
    assert sorted(breaches(module, SOURCES[module])) == []


def test_only_so_many_modules_know_chalice() -> None:
    assert {name for name, source in SOURCES.items() if "chalice" in top_level(imported_by(source))} == KNOW_CHALICE


@pytest.mark.parametrize(
    ("inner", "outer"),
    [(inner, outer) for place, inner in enumerate(ROOMS) for outer in ROOMS[place + 1 :]],
)
def test_an_import_of_an_outer_room_is_found(inner: str, outer: str) -> None:
    one, other = some_module(inner), some_module(outer)
    assert list(breaches(one, f"def f():\n    import {other}")) != []
    package, _, name = other.rpartition(".")
    assert list(breaches(one, f"from {package} import {name}")) != []


@pytest.mark.parametrize(
    ("package", "inner", "outer"),
    [
        (package, inner, outer)
        for package, rooms in ROOMS_OF.items()
        for place, inner in enumerate(rooms)
        for outer in rooms[place + 1 :]
    ],
)
def test_an_import_against_the_direction_is_found(package: str, inner: str, outer: str) -> None:
    other = a_module(package, outer)
    assert list(breaches(f"{package}.{inner}.planted", f"def f():\n    import {other}")) != []


@pytest.mark.parametrize(
    ("package", "one", "other"),
    [
        (package, *pair)
        for package, strangers in STRANGERS_OF.items()
        for each in strangers
        for pair in permutations(sorted(each), 2)
    ],
)
def test_an_import_between_strangers_is_found(package: str, one: str, other: str) -> None:
    assert list(breaches(f"{package}.{one}.planted", f"import {a_module(package, other)}")) != []


def a_module(package: str, room: str) -> str:
    """A module of a room of `stack` or `loaders`: the room itself if it is a module at the root."""
    return next(
        name for name in sorted(SOURCES) if f"{name}.".startswith(f"{package}.{room}.") and not is_package(name)
    )


@pytest.mark.parametrize(("one", "other"), [pair for each in STRANGERS for pair in (sorted(each), sorted(each)[::-1])])
def test_an_import_between_rooms_of_one_level_is_found(one: str, other: str) -> None:
    assert list(breaches(some_module(one), f"import {some_module(other)}")) != []


@pytest.mark.parametrize(
    ("module", "imported"),
    [
        *((f"chalicelib.{room}.planted", other) for room in ROOMS[2:] for other in ("stack.aws", "loaders.cli", "app")),
        ("stack.aws", "loaders.cli"), ("stack.aws", "app"), ("loaders.cli", "app"), ("loaders.cli", "bench.engine"),
        ("app", "loaders.cli"), ("chalicelib.todos.planted", "botocore"), ("chalicelib.todos.planted", "os"),
        ("chalicelib.views.projection", "chalicelib.views.projector"), ("chalicelib.commands.planted", "botocore"),
        ("chalicelib.commands.planted", "chalice.app"), ("chalicelib.triggers.planted", "chalice"),
        ("chalicelib.api.planted", "chalice.app"), ("stack.deploy.planted", "chalice.config"),
        ("chalicelib.views.planted", "os"), ("chalicelib.audit.planted", "chalicelib.ledger.model"),
        ("chalicelib.unknown.planted", "json"),
    ],
)  # fmt: skip
def test_a_planted_import_is_found(module: str, imported: str) -> None:
    assert list(breaches(module, f"import {imported}")) != []


def some_module(room: str) -> str:
    """A module of a room, under which an import can be planted or imported."""
    if not room:
        return "chalicelib.metrics"
    inside = (name for name in SOURCES if name.startswith(f"chalicelib.{room}.") and not is_package(name))
    return next(name for name in inside if name.removeprefix("chalicelib.") not in PURE)


def test_app_reaches_the_stack_in_one_function_alone() -> None:
    functions = [
        node.name
        for node in ast.walk(ast.parse(SOURCES["app"]))
        if isinstance(node, ast.FunctionDef)
        and any(name.partition(".")[0] == "stack" for name in imported_by(ast.unparse(node)))
    ]
    assert functions == ["_sources"]
    assert imported_by(SOURCES["app"]) & {name for name in SOURCES if name.startswith("stack")} == {
        "stack.chalice_deploy"
    }


def cycle(modules: Mapping[str, str]) -> list[str]:
    """Modules that import each other in a circle; empty if there is none."""
    graph = {
        module: {name for name in imported_by(source) if name in modules and not is_above(name, module)} - {module}
        for module, source in modules.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        found: list[str] = error.args[1]
        return found
    return []


def is_above(package: str, module: str) -> bool:
    """Whether `module` lies in `package`, which is imported with it in any case."""
    return module.startswith(f"{package}.")


def test_no_imports_form_a_circle() -> None:
    assert cycle(SOURCES) == []


def test_a_circle_is_found() -> None:
    assert cycle({"a": "import b", "b": "def f():\n    from c import x", "c": "import a"}) != []
    assert cycle({"a": "import b", "b": "import c", "c": ""}) == []


@pytest.mark.parametrize(("package", "modules", "folders"), [("chalicelib", 4, 14), ("stack", 8, 8), ("loaders", 8, 8)])
def test_the_roots_stay_small(package: str, modules: int, folders: int) -> None:
    root = ROOT / package
    assert len([path for path in root.glob("*.py") if path.name != "__init__.py"]) <= modules
    assert len([path for path in root.iterdir() if (path / "__init__.py").exists()]) <= folders


@pytest.mark.parametrize("trigger", sorted(name for name in SOURCES if name.startswith("chalicelib.triggers.")))
def test_triggers_stay_thin(trigger: str) -> None:
    assert len(SOURCES[trigger].splitlines()) <= 40


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
