"""A stage as .chalice/config.json describes it: its parameters, its functions, and the names derived from its name."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from chalice.config import Config
from chalice.utils import to_cfn_resource_name

from stack.aws import LOOPBACK
from stack.deploy import templates
from stack.errors import Misconfigured
from stack.settings import REPOSITORY

# Parameters of the compute stack that a deployment reads from the ledger in use (`Deployment.parameters`).
OF_THE_LEDGER: Final = ("EventsTable", "EventsStream")
# Those by which it finds its way back to the template before (`Deployment.roll_back`).
OF_THE_DEPLOYMENT: Final = ("Template", "PreviousTemplate")
NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,19}")


@dataclass(frozen=True)
class Function:
    """A Lambda function of the app, with its part of Chalice's configuration."""

    name: str
    config: Config

    @property
    def resource(self) -> str:
        """Its logical id in Chalice's template."""
        return str(to_cfn_resource_name("APIHandler" if self.name == "api_handler" else self.name))

    @property
    def role_resource(self) -> str:
        """The logical id of its role in Chalice's template."""
        return str(to_cfn_resource_name(f"{self.name}_role"))

    @property
    def deployed_name(self) -> str:
        """Its name on Lambda if `chalice deploy` makes it."""
        app_and_stage = f"{self.config.app_name}-{self.config.chalice_stage}"
        return app_and_stage if self.name == "api_handler" else f"{app_and_stage}-{self.name}"


@dataclass(frozen=True)
class Stage:
    """One of the stages of .chalice/config.json.

    Parameters
    ----------
    name : str
    checkout : Path
        The directory of the app: the repository, or a copy by `package.copy_app`.

    Raises
    ------
    Misconfigured
        There is no such stage.
    """

    name: str
    checkout: Path = REPOSITORY
    _config: dict[str, Any] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_config", json.loads((self.checkout / ".chalice" / "config.json").read_text()))
        stages = ", ".join(sorted(self._config["stages"]))
        if self.name not in self._config["stages"] or not NAME.fullmatch(self.name):
            raise Misconfigured(f"there is no stage {self.name!r} in .chalice/config.json; it has {stages}")

    @property
    def prefix(self) -> str:
        """The beginning of the name of every resource of the stage."""
        return f"{self._config['app_name']}-{self.name}"

    @property
    def data_stack(self) -> str:
        """The name of the CloudFormation stack with the tables, topics and queues."""
        return f"{self.prefix}-data"

    @property
    def compute_stack(self) -> str:
        """The name of the CloudFormation stack with the functions and the API."""
        return self.prefix

    @property
    def watch_stack(self) -> str:
        """The name of the CloudFormation stack with the alarms and the dashboard."""
        return f"{self.prefix}-watch"

    @property
    def has_snapstart(self) -> bool:
        """Whether the functions that answer requests start from snapshots (see `snapstart`)."""
        return bool(self._config["stages"][self.name].get("snapstart", False))

    @property
    def api_stage(self) -> str:
        """The stage of API Gateway, the first segment of the API's path."""
        return str(self.chalice().api_gateway_stage)

    def chalice(self, function: str = "api_handler") -> Config:
        """Chalice's configuration of one function."""
        return Config(self.name, function, config_from_disk=self._config)

    def functions(self) -> list[Function]:
        """Every Lambda function of the app."""
        return [Function(name, self.chalice(name)) for name in self._config["lambda_functions"]]

    @cached_property
    def data_template(self) -> dict[str, Any]:
        """Tables, queues, the topic and the bucket."""
        return templates.load(self.checkout / ".chalice" / "data.yaml")

    @property
    def ledger_properties(self) -> dict[str, Any]:
        """The properties of the events table, by CloudFormation's names."""
        properties: dict[str, Any] = self.data_template["Resources"]["EventsTable"]["Properties"]
        return properties

    @cached_property
    def compute_template(self) -> dict[str, Any]:
        """The template that Chalice merges into its own."""
        return templates.load(self.checkout / ".chalice" / "compute.yaml")

    @cached_property
    def watch_template(self) -> dict[str, Any]:
        """Alarms and dashboard."""
        return templates.load(self.checkout / ".chalice" / "watch.yaml")

    @property
    def restored_ledger(self) -> str | None:
        """The events table to use instead of the data stack's: one that `restore` made; None if there is none."""
        name: str | None = self._configured().get("EventsTable")
        return name or None

    def watch_parameters(self) -> dict[str, str]:
        """The parameters of the watching stack, except for those of the ledger."""
        return {"Stage": self.name, **self._of(self.watch_template)}

    def parameters(self) -> dict[str, str]:
        """The parameters of the compute stack, except for those of the ledger; those without a default are required.

        Raises
        ------
        Misconfigured
            One is missing, unknown or unsafe.
        """
        declared = self.compute_template["Parameters"]
        configured = self._configured()
        where = f"stages.{self.name}.parameters of .chalice/config.json"
        configurable = declared.keys() | self.watch_template["Parameters"].keys()
        if unknown := configured.keys() - (configurable - {*OF_THE_DEPLOYMENT}):
            raise Misconfigured(f"{where} has {', '.join(sorted(unknown))}, which no template declares")
        given = ("Stage", *OF_THE_LEDGER, *OF_THE_DEPLOYMENT)
        needed = [name for name in declared if name not in given and "Default" not in declared[name]]
        if missing := [f"  {name}: {declared[name]['Description']}" for name in needed if not configured.get(name)]:
            raise Misconfigured(f"{where} lacks\n" + "\n".join(missing))
        _require_https(configured["JwksUrl"], where)
        optional = [name for name in declared if "Default" in declared[name] and name not in given]
        defaults = {name: str(declared[name]["Default"]) for name in optional}
        return {"Stage": self.name, **defaults, **self._of(self.compute_template)}

    def sets(self, parameter: str) -> bool:
        """Whether the configuration sets a parameter, instead of leaving it to its default."""
        return parameter in self._configured()

    def _of(self, template: dict[str, Any]) -> dict[str, str]:
        """The configured values of a template's parameters."""
        known = [name for name in template["Parameters"] if name not in OF_THE_LEDGER]
        return {name: str(self._configured()[name]) for name in known if name in self._configured()}

    def _configured(self) -> dict[str, Any]:
        """The parameters that the configuration has."""
        parameters: dict[str, Any] = self._config["stages"][self.name].get("parameters", {})
        return parameters


def _require_https(url: str, where: str) -> None:
    """Refuse keys over plain HTTP, except from this machine: whoever can change them can sign tokens."""
    address = urlsplit(url)
    if address.scheme != "https" and (address.scheme != "http" or address.hostname not in LOOPBACK):
        raise Misconfigured(f"{where}: JwksUrl must be an https address, not {url!r}")
