"""What is uploaded to Lambda: small, compiled, without what Lambda has, and the same whenever it is made."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from stack import cli
from stack.deploy import archive, templates
from stack.deploy import package as packaging
from stack.deploy.package import copy_app, package
from stack.deploy.stages import Stage
from stack.errors import StackError
from stack.settings import REPOSITORY

pytestmark = pytest.mark.slow

HANDLERS = ("api", "mcp", "authorize", "project", "publish", "deliver", "remind", "remind_page", "clear", "rebuild")
STAGE = "dev"


@pytest.fixture(scope="module")
def code() -> Path:
    return package(STAGE).code


@pytest.fixture(scope="module")
def unpacked(code: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("var-task")
    archive.unpack(code, directory)
    return directory


@pytest.mark.parametrize("stage", [STAGE, "prod"])
def test_it_is_at_most_8_mb(stage: str) -> None:
    assert package(stage).code.stat().st_size <= 8_000_000


def test_what_lambda_has_stays_out(unpacked: Path) -> None:
    have = {path.name for path in unpacked.iterdir()}
    assert {"app.py", "chalicelib", "chalice", "pynamodb"} <= have
    assert not have & {"boto3", "botocore", "s3transfer", "stack", "tests"}


def test_it_contains_what_its_list_of_contents_says(unpacked: Path) -> None:
    """`make sbom` lists what requirements.txt pins, and Chalice, whose runtime is copied without its metadata."""
    pinned = dict(re.findall(r"^([\w-]+)==([^ ;\\]+)", (REPOSITORY / "requirements.txt").read_text(), re.MULTILINE))
    brought = (importlib.metadata.PathDistribution(path).metadata for path in unpacked.glob("*.dist-info"))
    assert {canonicalize_name(each["Name"]): each["Version"] for each in brought} == pinned
    version = re.search(r"^chalice==([^ ]+)", (REPOSITORY / "requirements-local.txt").read_text(), re.MULTILINE)
    assert version is not None
    assert f"__version__: str = '{version[1]}'" in (unpacked / "chalice" / "app.py").read_text()


def test_what_lambda_has_in_other_versions_is_brought(unpacked: Path) -> None:
    tested = {name: importlib.metadata.version(name) for name in ("urllib3", "python-dateutil", "six", "jmespath")}
    brought = {
        metadata["Name"]: metadata["Version"]
        for path in unpacked.glob("*.dist-info")
        for metadata in [importlib.metadata.PathDistribution(path).metadata]
    }
    assert {name: brought.get(name) for name in tested} == tested


def test_every_module_has_bytecode_that_is_taken_unchecked(unpacked: Path) -> None:
    """The service's own beside its source, whose lines are in tracebacks; a wheel's alone."""
    own = {"app.py", "chalice", "chalicelib"}
    for source in unpacked.rglob("*.py"):
        assert source.relative_to(unpacked).parts[0] in own, source
        compiled = source.parent / "__pycache__" / f"{source.stem}.{sys.implementation.cache_tag}.pyc"
        assert _is_taken_unchecked(compiled), compiled
    for name in ("jwt", "icalendar", "pynamodb", "six.pyc"):
        modules = [unpacked / name] if name.endswith(".pyc") else list((unpacked / name).rglob("*.pyc"))
        assert modules
        assert all(map(_is_taken_unchecked, modules)), name


def _is_taken_unchecked(compiled: Path) -> bool:
    """Whether it is an unchecked hash-based .pyc (PEP 552)."""
    return int.from_bytes(compiled.read_bytes()[4:8], "little") == 0b01


def test_libraries_have_no_names_for_debuggers(unpacked: Path, tmp_path: Path) -> None:
    """Nothing of a library is left behind its loaded parts, and cutting once more changes nothing."""
    libraries = list(unpacked.rglob("*.so"))
    assert libraries
    for library in libraries:
        again = tmp_path / library.name
        shutil.copy2(library, again)
        archive.cut_symbols(again)
        assert again.read_bytes() == library.read_bytes()


def test_what_is_no_library_is_not_cut(tmp_path: Path) -> None:
    other = tmp_path / "script.so"
    other.write_text("INPUT(other.so)")
    archive.cut_symbols(other)
    assert other.read_text() == "INPUT(other.so)"


def test_nothing_of_this_machine_is_in_it(code: Path) -> None:
    with zipfile.ZipFile(code) as file:
        entries = file.infolist()
        assert {entry.date_time for entry in entries} == {archive.TIMESTAMP}
        assert {entry.external_attr >> 16 for entry in entries} == {archive.MODE}
        app = next(file.read(entry) for entry in entries if entry.filename.startswith("__pycache__/app."))
        assert str(REPOSITORY).encode() not in app
        assert b"/var/task/app.py" in app


def test_template_and_package_can_be_put_where_another_pipeline_takes_them(code: Path, tmp_path: Path) -> None:
    assert cli.main(["synth", "--stage", STAGE, "--output", str(tmp_path / "out")]) == 0
    assert (tmp_path / "out" / "deployment.zip").read_bytes() == code.read_bytes()
    template = templates.load(tmp_path / "out" / "sam.yaml")
    assert template["Resources"]["Project"]["Properties"]["CodeUri"] == "./deployment.zip"
    assert {"EventsTable", "EventsStream"} <= set(template["Parameters"])


def test_two_checkouts_make_the_same_package(code: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy_app(REPOSITORY, tmp_path / "checkout")
    for path in (tmp_path / "checkout").rglob("*.py"):
        os.utime(path, (1, 1))
        path.chmod(0o600)
    dependencies = packaging._dependencies(STAGE, tmp_path / "checkout")
    monkeypatch.setenv("TODO_LEDGER_DIRECTORY", str(tmp_path / "state"))
    packaging.store().mkdir(parents=True)
    shutil.copy2(dependencies, packaging.store())
    again = package(STAGE, tmp_path / "checkout").code
    assert again != code
    assert again.read_bytes() == code.read_bytes()


def test_the_wheels_of_two_installations_compile_to_the_same(tmp_path: Path) -> None:
    for number, name in enumerate(("one", "another")):
        for part in ("icalendar", "dateutil"):
            (source,) = importlib.util.find_spec(part).submodule_search_locations  # type: ignore[union-attr, misc]
            shutil.copytree(source, tmp_path / name / part, ignore=shutil.ignore_patterns("__pycache__"))
        for path in (tmp_path / name).rglob("*.py"):
            os.utime(path, (number, number))
        archive.replace_by_bytecode(tmp_path / name)
        archive.pack(tmp_path / name, tmp_path / f"{name}.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "another.zip").read_bytes()


def test_each_stage_has_the_wheels_of_its_architecture() -> None:
    machines = {"x86_64": "x86-64", "arm64": "aarch64"}
    seen = set()
    for stage in (STAGE, "prod"):
        architecture = Stage(stage).chalice().lambda_architecture
        with zipfile.ZipFile(package(stage).code) as file:
            libraries = [name for name in file.namelist() if ".so" in Path(name).suffixes]
            assert libraries
            assert {_machine(file.read(name)) for name in libraries} == {machines[architecture]}
        seen.add(architecture)
    assert seen == set(machines)


@pytest.mark.parametrize("altered", [False, True], ids=["the wheel", "another"])
def test_a_wheel_is_taken_only_by_its_hash(altered: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip finds the wheel, which has nothing but its own description, in a directory: no index is asked."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    wheel = tmp_path / "tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as file:
        file.writestr("tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        file.writestr("tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    pinned = hashlib.sha256(wheel.read_bytes() + b"altered" * altered).hexdigest()
    copy_app(REPOSITORY, tmp_path / "app")
    (tmp_path / "app" / "requirements.txt").write_text(f"tiny==1.0 --hash=sha256:{pinned}\n")

    expected = pytest.raises(StackError, match="DO NOT MATCH THE HASHES") if altered else contextlib.nullcontext()
    with expected:
        packaging._download_wheels("prod", tmp_path / "app", tmp_path / "wheels")
    assert altered or [path.name for path in (tmp_path / "wheels").iterdir()] == [wheel.name]


@pytest.mark.skipif(sys.platform != "linux" or os.uname().machine != "x86_64", reason="the wheels are Lambda's")
@pytest.mark.parametrize("handler", HANDLERS)
def test_every_function_can_be_imported_from_it(handler: str, unpacked: Path) -> None:
    report = "import sys, app; print([m.__file__ for n, m in sys.modules.items() if n.split('.')[0] == 'chalicelib'])"
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(unpacked), "HANDLERS": handler}
    environment |= {
        "EVENTS_TABLE": "x",
        "SETTINGS_TABLE": "y",
        "AWS_LAMBDA_FUNCTION_NAME": "f",
        "AWS_REGION": "us-east-1",
    }
    # As in Lambda, there is no `stack` beside it, whatever Chalice's command line has left in the environment.
    environment["AWS_CHALICE_CLI_MODE"] = "true"
    done = subprocess.run(
        [sys.executable, "-c", report], cwd=unpacked, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert str(unpacked) in done.stdout


@pytest.mark.skipif(sys.platform != "linux" or os.uname().machine != "x86_64", reason="the wheels are Lambda's")
def test_what_is_left_out_of_the_wheels_is_not_missed(unpacked: Path, tmp_path: Path) -> None:
    """Each module of the service can be imported, and what it imports when it is called."""
    code = """
import importlib, json, pkgutil, sys
import app
import chalicelib
for module in pkgutil.walk_packages(chalicelib.__path__, "chalicelib."):
    importlib.import_module(module.name)
import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
rsa_key, ec_key = rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP256R1())
for key, algorithm in (rsa_key, "RS256"), (ec_key, "ES256"):
    public = jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key())
    checking = jwt.PyJWK(json.loads(public), algorithm)
    assert jwt.decode(jwt.encode({"a": 1}, key, algorithm), checking, [algorithm]) == {"a": 1}
from datetime import datetime
from dateutil.rrule import rrulestr
assert rrulestr("FREQ=DAILY", dtstart=datetime(2026, 1, 1)).after(datetime(2026, 1, 1)) == datetime(2026, 1, 2)
import icalendar
todo = "BEGIN:VTODO\\r\\nUID:1\\r\\nDUE;TZID=Europe/Berlin:20260101T000000\\r\\nRRULE:FREQ=DAILY\\r\\nEND:VTODO\\r\\n"
assert icalendar.Todo.from_ical(todo).to_ical()
import urllib3
urllib3.HTTPSConnectionPool("192.0.2.1")
import standardwebhooks
from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer, exceptions, idempotent_function
from chalicelib.ledger import model
model.events()
for name in "jwt cryptography dateutil icalendar urllib3 jmespath aws_lambda_powertools pynamodb".split():
    assert sys.modules[name].__file__.startswith(sys.argv[1]), name
"""
    _run_in_lambda(code, unpacked, tmp_path)


@pytest.mark.skipif(sys.platform != "linux" or os.uname().machine != "x86_64", reason="the wheels are Lambda's")
def test_botocore_of_the_runtime_can_take_the_thin_clients_place(unpacked: Path, tmp_path: Path) -> None:
    code = """
import os
os.environ["TODO_LEDGER_CLIENT"] = "botocore"
from botocore.awsrequest import AWSResponse
from chalicelib.aws import dynamodb, sqs
client = dynamodb.client()
assert type(client).__name__ == "BotocoreClient"

class Raw:
    def stream(self, **_):
        yield b'{"Item": {"a": {"S": "b"}}}'

client.meta.events.register("before-send.dynamodb", lambda request, **_: AWSResponse(request.url, 200, {}, Raw()))
assert client.get_item(TableName="x", Key={"a": {"S": "b"}})["Item"] == {"a": {"S": "b"}}
assert sqs.sqs()
"""
    _run_in_lambda(code, unpacked, tmp_path)


def _run_in_lambda(code: str, unpacked: Path, runtime: Path) -> None:
    """By an interpreter that sees no other packages than those of the deployment package and of Lambda's runtime."""
    for name in ("boto3", "botocore", "s3transfer"):
        (spec,) = importlib.util.find_spec(name).submodule_search_locations  # type: ignore[union-attr, misc]
        (runtime / name).symlink_to(spec)
    paths = """
import sys
sys.path[:] = [sys.argv[1], *(path for path in sys.path if "site-packages" not in path), sys.argv[2]]
"""
    environment = {
        "PATH": os.environ["PATH"],
        "EVENTS_TABLE": "x",
        "SETTINGS_TABLE": "y",
        "AWS_LAMBDA_FUNCTION_NAME": "f",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
    }
    done = subprocess.run(
        [sys.executable, "-c", paths + code, str(unpacked), str(runtime)],
        cwd=runtime, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def _machine(library: bytes) -> str:
    """Of an ELF file, by its header: e_machine."""
    return {62: "x86-64", 183: "aarch64"}[int.from_bytes(library[18:20], "little")]
