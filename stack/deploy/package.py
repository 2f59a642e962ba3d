"""The deployment package: `chalice package` in a copy of the project, cached by a fingerprint of its input."""

from __future__ import annotations

import hashlib
import io
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from chalice.config import Config
from chalice.deploy.packager import DependencyBuilder, LambdaDeploymentPackager
from chalice.utils import UI, OSUtils

from stack.aws import REGION
from stack.deploy import archive, bytecode, policies, snapstart, templates
from stack.deploy.stages import Stage
from stack.errors import DeploymentFailed
from stack.settings import LOCAL, REPOSITORY, default_directory

KEPT_PACKAGES = 5
# Parts of the wheels that no function imports. SWAGGER_UI, which /docs serves, stays.
LEFT_OUT = (
    "aws_lambda_powertools/event_handler",
    "aws_lambda_powertools/metrics/provider/datadog",
    "aws_lambda_powertools/utilities/auth_alpha",
    "aws_lambda_powertools/utilities/batch",
    "aws_lambda_powertools/utilities/circuit_breaker",
    "aws_lambda_powertools/utilities/data_classes",
    "aws_lambda_powertools/utilities/data_masking",
    "aws_lambda_powertools/utilities/feature_flags",
    "aws_lambda_powertools/utilities/idempotency/persistence/redis.py",
    "aws_lambda_powertools/utilities/kafka",
    "aws_lambda_powertools/utilities/metadata",
    "aws_lambda_powertools/utilities/parameters",
    "aws_lambda_powertools/utilities/parser",
    "aws_lambda_powertools/utilities/streaming",
    "aws_lambda_powertools/utilities/validation",
    # cryptography needs the compiled half of cffi only, beside it.
    "cffi",
    "pycparser",
    "cryptography/fernet.py",
    "cryptography/hazmat/asn1",
    "cryptography/hazmat/primitives/serialization/pkcs*.py",
    "cryptography/hazmat/primitives/twofactor",
    "cryptography/x509/ocsp.py",
    # Time zones come from tzdata.
    "dateutil/tz/win.py",
    "dateutil/zoneinfo/dateutil-zoneinfo.tar.gz",
    "dateutil/zoneinfo/rebuild.py",
    "icalendar/cli.py",
    "icalendar/tests",
    "icalendar/timezone/equivalent_timezone_ids.py",
    "pynamodb/transactions.py",
    # Python reads the compiled zones and the list of their names.
    "tzdata/zoneinfo/iso3166.tab",
    "tzdata/zoneinfo/tzdata.zi",
    "tzdata/zoneinfo/zone.tab",
    "tzdata/zoneinfo/zone1970.tab",
    "urllib3/contrib",
    "urllib3/http2/connection.py",
    # What only type checkers and installers read.
    "**/*.pyi",
    "**/py.typed",
    "*.dist-info/RECORD",
    "*.data",
)
SWAGGER_UI = "aws_lambda_powertools/event_handler/openapi/swagger_ui"
# Lambda's names for its architectures, and those of the wheels' platforms.
MACHINES = {"x86_64": "x86_64", "arm64": "aarch64"}
# The minor version of glibc 2 in the runtime's image: Amazon Linux 2 up to Python 3.11, Amazon Linux 2023 after it.
GLIBC_MINORS = {"3.11": 26}
PARTS = ("app.py", "requirements.txt", "chalicelib", ".chalice")
NOT_PACKAGED = shutil.ignore_patterns("__pycache__", "*.pyc", "deployments", "deployed")


@dataclass(frozen=True)
class Package:
    """A packaged app: the code, and the CloudFormation template that refers to it as ``./deployment.zip``."""

    fingerprint: str
    code: Path
    template: Path


def store() -> Path:
    """The directory of packages.

    All stacks share it: its entries are named by their content and put in place as a whole.
    """
    return default_directory() / "packages"


def package(stage: str, checkout: Path = REPOSITORY) -> Package:
    """The package of the app as it is now, from the cache if it is there.

    Parameters
    ----------
    stage : str
    checkout : Path
        The directory of the app: the repository, or a copy by `copy_app`.

    Raises
    ------
    DeploymentFailed
        Chalice could not package the app; the message has its output.
    Misconfigured
        The stage has SnapStart, and its functions run on what has none.
    """
    snapstart.check(Stage(stage, checkout))
    fingerprint = _fingerprint(stage, checkout)
    directory = store() / fingerprint
    if not directory.exists():
        _make(stage, checkout, directory)
        _delete_old_packages()
    os.utime(directory)
    return Package(fingerprint, directory / "deployment.zip", directory / "sam.yaml")


def packager(config: Config) -> LambdaDeploymentPackager:
    """Chalice's own packager, which knows the file name by which Chalice recognises an existing package."""
    files = OSUtils()
    builder = DependencyBuilder(files, architecture=config.lambda_architecture)
    return LambdaDeploymentPackager(files, builder, UI(out=io.StringIO()), config.lambda_architecture)


def copy_app(checkout: Path, project: Path) -> None:
    """Copy only what goes into the package to a new directory."""
    project.mkdir()
    for part in PARTS:
        if (checkout / part).is_dir():
            shutil.copytree(checkout / part, project / part, ignore=NOT_PACKAGED)
        else:
            shutil.copy2(checkout / part, project / part)


def _fingerprint(stage: str, checkout: Path) -> str:
    digest = hashlib.sha256(f"{stage} {sys.version_info[:2]} {_host()}".encode() + _own_code())
    for path in files(checkout):
        content = path.read_bytes()
        digest.update(f"\n{path.relative_to(checkout)} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:32]


def files(checkout: Path) -> Iterator[Path]:
    """Every file that goes into the package or the templates."""
    for part in PARTS:
        root = checkout / part
        found = sorted(path for path in root.rglob("*") if path.is_file()) if root.is_dir() else [root]
        ignored = {"__pycache__", "deployments", "deployed"}
        yield from (path for path in found if not ignored & set(path.relative_to(checkout).parts))


def _make(stage: str, checkout: Path, directory: Path) -> None:
    store().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=store(), prefix=".making-") as temporary:
        project, made = Path(temporary, "project"), Path(temporary, "made")
        copy_app(checkout, project)
        policies.write_with_tracing(Stage(stage, project))
        dependencies = _dependencies(stage, project)
        if not dependencies.exists():
            _make_dependencies(stage, project, Path(temporary, "first"), dependencies)
        # Lambda's compiled wheels only run on its platform; elsewhere the engine uses those of its own environment.
        alone = stage == LOCAL and _host() != "Linux-x86_64"
        _give_code(stage, project, Path(temporary, "code"), None if alone else dependencies)
        _run_chalice(stage, project, made)
        _use_snapshots(Stage(stage, project), made / "sam.yaml")
        try:
            made.rename(directory)
        except OSError:
            # Another process may have made the same package meanwhile.
            if not directory.exists():
                raise


def _run_chalice(stage: str, project: Path, made: Path) -> None:
    command = [
        sys.executable,
        "-c",
        "import sys; from chalice.cli import main; sys.exit(main())",
        "--project-dir",
        str(project),
    ]
    command += ["package", "--stage", stage]
    command += ["--merge-template", str(project / ".chalice" / "compute.yaml"), "--template-format", "yaml", str(made)]
    mine = {name: value for name, value in os.environ.items() if not name.startswith("AWS_") and name != "HANDLERS"}
    # Bytecode in the project would change the name under which Chalice looks for the package that `_give_code` made.
    mine |= {"AWS_DEFAULT_REGION": REGION, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=project, env=mine, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise DeploymentFailed(f"chalice could not package the app:\n{done.stderr}")


def _use_snapshots(stage: Stage, template: Path) -> None:
    if functions := [function for function in stage.functions() if snapstart.is_used(stage, function)]:
        content = templates.load(template)
        snapstart.apply(content, functions)
        # JSON is YAML.
        template.write_text(templates.dump(content))


def _make_dependencies(stage: str, project: Path, made: Path, kept: Path) -> None:
    """Download the wheels for the stage's runtime and architecture, compile them, and cache the result.

    Their sources stay out, and the names in their libraries: a sixth of the package, which only debugging needs.
    """
    made.mkdir()
    wheels, tree = made / "wheels", made / "tree"
    _download_wheels(stage, project, wheels)
    for wheel in wheels.iterdir():
        archive.unpack(wheel, tree)
    (tree / SWAGGER_UI).rename(made / "swagger_ui")
    for part in LEFT_OUT:
        _remove(tree, part)
    shutil.copytree(made / "swagger_ui", tree / SWAGGER_UI, ignore=shutil.ignore_patterns("*.py"))
    for library in tree.rglob("*.so"):
        archive.cut_symbols(library)
    archive.replace_by_bytecode(tree)
    archive.pack(tree, made / "dependencies.zip")
    (made / "dependencies.zip").rename(kept)


def _remove(tree: Path, part: str) -> None:
    """Remove what a pattern names; a wheel of another version that has nothing like it is to be looked at.

    Raises
    ------
    DeploymentFailed
    """
    found = list(tree.glob(part))
    if not found:
        raise DeploymentFailed(f"the wheels have no {part}, which is left out of the package")
    for path in found:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def _download_wheels(stage: str, project: Path, directory: Path) -> None:
    """Download what requirements.txt pins, each file checked against its hashes there.

    Chalice's own download does not check the hashes of wheels for another platform.

    Raises
    ------
    DeploymentFailed
        A wheel is missing or differs from its hashes; the message has pip's output.
    """
    config = Stage(stage, project).chalice()
    version = config.lambda_python_version.removeprefix("python")
    machine = MACHINES[config.lambda_architecture]
    # pip compares tags literally: wheels for an older glibc have other tags.
    platforms = [f"manylinux_2_{minor}_{machine}" for minor in range(17, GLIBC_MINORS.get(version, 34) + 1)]
    # requirements.txt lists every dependency. Resolving it would add boto3 and botocore, which Lambda provides.
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--require-hashes", "--only-binary", ":all:", "--implementation", "cp", "--python-version", version]
    command += ["--abi", f"cp{version.replace('.', '')}", "--dest", str(directory)]
    command += [f"--platform={platform}" for platform in [*platforms, f"manylinux2014_{machine}"]]
    command += ["--requirement", str(project / "requirements.txt")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise DeploymentFailed(f"pip could not download the dependencies (this needs the network once):\n{done.stderr}")


def _give_code(stage: str, project: Path, tree: Path, dependencies: Path | None) -> None:
    """Put the whole package where Chalice looks for one that it made before."""
    config = Stage(stage, project).chalice()
    chalice = packager(config)
    expected = Path(chalice.deployment_package_filename(str(project), config.lambda_python_version))
    expected.parent.mkdir()
    zipfile.ZipFile(expected, "w").close()
    chalice.inject_latest_app(str(expected), str(project))
    archive.unpack(expected, tree)
    archive.compile_all(tree)
    expected.unlink()
    if dependencies is not None:
        shutil.copyfile(dependencies, expected)
    archive.pack(tree, expected)


def _dependencies(stage: str, project: Path) -> Path:
    """The cache file of these requirements, compiled, so that a change of the app needs no network."""
    config = Stage(stage, project).chalice()
    wanted = (project / "requirements.txt").read_bytes() + _own_code()
    named = f"{config.lambda_python_version}-{config.lambda_architecture}-{hashlib.sha256(wanted).hexdigest()[:16]}"
    return store() / f"requirements-{named}.zip"


def _own_code() -> bytes:
    """The code that makes the package, so that a package of another version of it is not used."""
    return b"".join(
        Path(each).read_bytes() for each in (__file__, archive.__file__, bytecode.__file__, snapstart.__file__)
    )


def _delete_old_packages() -> None:
    made = [path for path in store().iterdir() if path.is_dir() and not path.name.startswith((".", "requirements-"))]
    for old in sorted(made, key=lambda path: path.stat().st_mtime, reverse=True)[KEPT_PACKAGES:]:
        shutil.rmtree(old, ignore_errors=True)


def _host() -> str:
    return f"{platform.system()}-{platform.machine()}"
