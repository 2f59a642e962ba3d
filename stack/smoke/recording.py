"""What the gateway really sent, as text that is the same in each run: a fixture that the local engine is held to.

A file for each check has its exchanges in their order. What names the account, the host or the run, what is secret, and
what differs each time is replaced by its kind in braces.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from stack.errors import StackError
from stack.smoke.client import Exchange

SUFFIX: Final = ".http"
# The areas that are recorded: what they send does not depend on what the stage has, or on time.
AREAS: Final = ("gateway", "bodies", "todos", "names")
_MAX_SHOWN: Final = 4_000

# Headers of a request that say something about what was asked, beside the method and the target.
_SENT: Final = ("authorization", "accept", "accept-encoding", "content-type", "content-encoding", "if-match",
                "if-none-match", "idempotency-key", "prefer", "origin", "access-control-request-method",
                "access-control-request-headers")  # fmt: skip
# Headers whose values are of the moment, of the way to the gateway, or secret.
_VALUES_LEFT_OUT: Final = re.compile(
    r"(?i)date|age|via|server|connection|content-length|x-request-id|apigw-requestid|x-amzn?-.*|x-cache|set-cookie|cf-.*"
)
# Of these, what has to be right: API Gateway renames an answer's header to it, or says what kind of response it sent.
_VALUES_KEPT: Final = re.compile(r"(?i)x-amzn-remapped-www-authenticate|x-amzn-errortype")
# Headers that only AWS, or only the local engine, or only the connection has.
_OF_THE_PLACE: Final = re.compile(
    r"(?i)date|age|via|server|connection|transfer-encoding|content-length|apigw-requestid|x-cache|set-cookie|cf-.*"
    r"|x-amzn?-(?!remapped-www-authenticate).*"
)

_REPLACED: Final = (
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "{uuid}"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"), "{time}"),
    (re.compile(r"(Bearer )[\w-]+\.[\w-]+\.[\w-]+"), r"\1{token}"),
    (re.compile(r"whsec_[\w+/=]+"), "{secret}"),
    (re.compile(r"W/\"[0-9a-f]{32}\""), 'W/"{hash}"'),
    (re.compile(r"arn:aws[\w-]*:[^\s\"',]+"), "{arn}"),
    (re.compile(r"(?<![\w.-])\d{12}(?![\w.-])"), "{account}"),
    (re.compile(r"[a-z0-9]{10}\.execute-api\.[a-z0-9-]+\.amazonaws\.com(\.cn)?"), "{host}"),
    (re.compile(r"(?<=\"cursor\":\")[^\"]+"), "{cursor}"),
    (re.compile(r"(?<=\"actor\":\")[^\"]+"), "{owner}"),
    (re.compile(r"(?<=\"client\":\")[^\"]+"), "{client}"),
)


@dataclass
class Recording:
    """The exchanges of a run, by file.

    Parameters
    ----------
    url : str
        The API's address.
    run : str
        The run's name.
    secrets : sequence of str
        The tokens that were sent.
    """

    url: str
    run: str
    secrets: Sequence[str] = ()
    files: dict[str, list[str]] = field(default_factory=dict)

    def hear(self, file: str, exchange: Exchange) -> None:
        """Record an exchange."""
        self.files.setdefault(file, []).append(self._text(exchange))

    def write(self, directory: Path) -> None:
        """Write a file for each check that sent anything; files of checks that were not made stay."""
        directory.mkdir(parents=True, exist_ok=True)
        for name, exchanges in self.files.items():
            (directory / name).write_text("\n".join(exchanges), encoding="utf-8")

    def _text(self, exchange: Exchange) -> str:
        sent = {name.lower(): value for name, value in exchange.sent.items()}
        lines = [f"> {exchange.method} {exchange.target}"]
        lines += [f"> {name}: {sent[name]}" for name in _SENT if name in sent]
        lines += [f"> {line}".rstrip() for line in _body(exchange.body)]
        lines.append(f"< {exchange.status}")
        lines += sorted(f"< {name.lower()}: {_value(name, value)}" for name, value in exchange.headers)
        lines += [f"< {line}".rstrip() for line in _body(exchange.answer)]
        return self._stable("\n".join(lines)) + "\n"

    def _stable(self, text: str) -> str:
        for secret in self.secrets:
            text = text.replace(secret, "{token}")
        host = urlsplit(self.url).netloc
        text = text.replace(self.url, "{url}").replace(host, "{host}").replace(self.run, "{run}")
        for pattern, kind in _REPLACED:
            text = pattern.sub(kind, text)
        return text


def compare(recording: Recording, directory: Path) -> list[str]:
    """How the exchanges of a run differ from those that were recorded in a directory.

    Statuses, headers and problems count. Other bodies do not: they are the service's, which its tests look at.
    Checks that only one of the two has made are left out.

    Raises
    ------
    StackError
        None of the files is there.
    """
    both = [name for name in recording.files if (directory / name).exists()]
    if not both:
        raise StackError(f"{directory} has no recording of a check that was made")
    found: list[str] = []
    for name in both:
        now = recording.files[name]
        then = (directory / name).read_text(encoding="utf-8").split("\n\n")
        if len(then) != len(now):
            found.append(f"{name}: {len(now)} exchanges, and {len(then)} recorded")
            continue
        for one, other in zip(now, then, strict=True):
            found += _differences(name, _comparable(one), _comparable(other))
    return found


def file_name(area: str, name: str) -> str:
    """The name of the file with a check's exchanges."""
    return re.sub(r"[^a-z0-9]+", "-", f"{area} {name}".lower()).strip("-") + SUFFIX


def _differences(name: str, now: list[str], then: list[str]) -> Iterator[str]:
    asked = now[0].removeprefix("> ")
    for line in (line for line in then if line not in now):
        yield f"{name}: {asked}: recorded, and not sent now: {line[2:]}"
    for line in (line for line in now if line not in then):
        yield f"{name}: {asked}: sent now, and not recorded: {line[2:]}"


def _comparable(text: str) -> list[str]:
    """The lines of an exchange that do not depend on the place."""
    lines = text.rstrip("\n").split("\n")
    status = next(number for number, line in enumerate(lines) if re.fullmatch(r"< \d{3}", line))
    body = lines.index("<", status) if "<" in lines[status:] else len(lines)
    headers = [line for line in lines[status:body] if not _OF_THE_PLACE.fullmatch(line[2:].partition(": ")[0])]
    return [*lines[:status], *headers, *_problem(lines[body:])]


def _problem(lines: list[str]) -> list[str]:
    """What a body says as a problem document (RFC 9457), by members: a line for each that the gateway may have, too."""
    try:
        document = json.loads("\n".join(line[2:] for line in lines))
    except ValueError:
        return []
    if not isinstance(document, dict) or "type" not in document:
        return []
    return [f"< {name}: {document.get(name)}" for name in ("type", "title", "status", "detail")]


def _value(name: str, value: str) -> str:
    is_left_out = _VALUES_LEFT_OUT.fullmatch(name) and not _VALUES_KEPT.fullmatch(name)
    return f"{{{name.lower()}}}" if is_left_out else value


def _body(content: bytes) -> list[str]:
    """The lines of a body; its length, if it is long or no text."""
    if not content:
        return []
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return ["", "{not UTF-8}"]
    if len(content) > _MAX_SHOWN:
        return ["", f"{{{len(content)} bytes}}"]
    # Only LF ends a line here: others are part of a text.
    return ["", *text.split("\n")]
