"""What of two versions of the API's contract breaks a client of the older one.

It fails closed: a difference is breaking unless a rule here says that it is not. What a client may send must stay
accepted, so there a bound may only be loosened; what it may receive must stay as promised, so there only tightened.
What only people read (descriptions, examples, …) is not compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

METHODS: Final = ("get", "head", "post", "put", "patch", "delete")
FOR_PEOPLE: Final = {
    "title", "summary", "description", "example", "examples", "default", "links", "tags", "operationId", "externalDocs",
    "deprecated",
}  # fmt: skip
# Each with +1 if a larger value allows more, -1 if a smaller one does.
BOUNDS: Final = {
    "maxLength": 1, "maximum": 1, "maxItems": 1, "minLength": -1, "minimum": -1, "minItems": -1,
}  # fmt: skip


def is_released_as_breaking(base: Mapping[str, Any], revision: Mapping[str, Any]) -> bool:
    """Whether the version says that clients may break: its first part rose, or before 1.0 its second (SemVer)."""
    before, after = ([int(part) for part in each["info"]["version"].split(".")[:2]] for each in (base, revision))
    return after > before and (after[0] > before[0] or before[0] == 0)


def breaking_changes(base: Mapping[str, Any], revision: Mapping[str, Any]) -> list[str]:
    """One line for each change of `revision` that breaks a client written against `base`; both are OpenAPI 3.1."""
    return list(dict.fromkeys(_Comparison(base, revision).paths()))


@dataclass
class _Comparison:
    base: Mapping[str, Any]
    revision: Mapping[str, Any]
    # Pairs of schemas that are being compared, by their references: schemas may contain themselves.
    _entered: set[tuple[str, str, bool]] = field(default_factory=set)

    def paths(self) -> Iterator[str]:
        for path, before in self.base["paths"].items():
            after = self.revision["paths"].get(path, {})
            for method in METHODS:
                if method in before:
                    where = f"{method.upper()} {path}"
                    if method in after:
                        yield from self._operation(where, {**before, **before[method]}, {**after, **after[method]})
                    else:
                        yield f"{where}: removed"

    def _operation(self, where: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
        if before.get("security") != after.get("security"):
            yield f"{where}: other security"
        yield from self._parameters(where, self._by_name(self.base, before), self._by_name(self.revision, after))
        old, new = before.get("requestBody"), after.get("requestBody")
        if old and not new:
            yield f"{where}: the request body was removed"
        elif new:
            if new.get("required") and not (old or {}).get("required"):
                yield f"{where}: the request body became required"
            yield from self._content(f"{where}: the request body", old or {}, new, is_sent=True)
        for status, response in before.get("responses", {}).items():
            if status not in after.get("responses", {}):
                yield f"{where}: the status {status} was removed"
                continue
            yield from self._response(f"{where}: {status}", response, after["responses"][status])

    @staticmethod
    def _by_name(document: Mapping[str, Any], operation: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
        found = [_resolved(document, each) for each in operation.get("parameters", [])]
        return {f"{each['in']} parameter {each['name']}": each for each in found}

    def _parameters(self, where: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
        for name in before.keys() - after.keys():
            yield f"{where}: the {name} was removed"
        for name, new in after.items():
            old = before.get(name)
            if new.get("required") and not (old or {}).get("required"):
                yield f"{where}: the {name} became required"
            if old:
                yield from self._schema(f"{where}: the {name}", old["schema"], new["schema"], is_sent=True)
                if any(old.get(key) != new.get(key) for key in ("style", "explode")):
                    yield f"{where}: the {name} has another form"

    def _response(self, where: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
        before, after = _resolved(self.base, before), _resolved(self.revision, after)
        yield from self._content(where, before, after, is_sent=False)
        for name, header in before.get("headers", {}).items():
            if name not in after.get("headers", {}):
                yield f"{where}: the header {name} was removed"
                continue
            old, new = _resolved(self.base, header), _resolved(self.revision, after["headers"][name])
            if old.get("required") and not new.get("required"):
                yield f"{where}: the header {name} may be absent"
            yield from self._schema(f"{where}: the header {name}", old["schema"], new["schema"], is_sent=False)

    def _content(
        self, where: str, before: Mapping[str, Any], after: Mapping[str, Any], *, is_sent: bool
    ) -> Iterator[str]:
        for media_type, old in before.get("content", {}).items():
            if media_type in after.get("content", {}):
                new = after["content"][media_type]
                yield from self._schema(where, old.get("schema", {}), new.get("schema", {}), is_sent=is_sent)
            else:
                yield f"{where}: {media_type} was removed"

    def _schema(self, where: str, before: Any, after: Any, *, is_sent: bool) -> Iterator[str]:
        pair = (str(before), str(after), is_sent)
        if pair in self._entered:
            return
        self._entered.add(pair)
        try:
            yield from self._resolved_schemas(
                where, _resolved(self.base, before), _resolved(self.revision, after), is_sent=is_sent
            )
        finally:
            self._entered.remove(pair)

    def _resolved_schemas(self, where: str, before: Any, after: Any, *, is_sent: bool) -> Iterator[str]:
        old_ones, new_ones = _alternatives_of(before), _alternatives_of(after)
        if len(old_ones) > 1 or len(new_ones) > 1:
            yield from self._alternatives(where, old_ones, new_ones, is_sent=is_sent)
            return
        for key in sorted((before.keys() | after.keys()) - FOR_PEOPLE):
            old, new = before.get(key), after.get(key)
            match key:
                case "properties":
                    yield from self._properties(where, old or {}, new or {}, is_sent=is_sent)
                case "required":
                    yield from _required(where, set(old or ()), set(new or ()), is_sent=is_sent)
                case "anyOf" | "oneOf" if old and new:
                    yield from self._alternatives(where, old, new, is_sent=is_sent)
                case "items" | "additionalProperties" if isinstance(old, dict) and isinstance(new, dict):
                    yield from self._schema(f"{where}, {key}", old, new, is_sent=is_sent)
                case "type" | "enum" if old is not None and new is not None:
                    narrow, wide = (old, new) if is_sent else (new, old)
                    if not _values(narrow) <= _values(wide):
                        yield f"{where}: {key} {old!r} became {new!r}"
                case _ if key in BOUNDS:
                    limit = float("inf") * BOUNDS[key]
                    grew = BOUNDS[key] * ((limit if new is None else new) - (limit if old is None else old))
                    if old != new and (grew < 0) == is_sent:
                        yield f"{where}: {key} {old} became {new}"
                case _ if old != new:
                    yield f"{where}: {key} {old!r} became {new!r}"

    def _properties(self, where: str, before: Any, after: Any, *, is_sent: bool) -> Iterator[str]:
        for name, old in before.items():
            if name in after:
                yield from self._schema(f"{where}, field {name}", old, after[name], is_sent=is_sent)
            else:
                yield f"{where}: the field {name} was removed"

    def _alternatives(self, where: str, before: list[Any], after: list[Any], *, is_sent: bool) -> Iterator[str]:
        """What was sent must suit one of the new alternatives; what is received, one of the old."""
        for place, each in enumerate(before if is_sent else after):
            pairs = ((each, new) for new in after) if is_sent else ((old, each) for old in before)
            errors = [list(self._schema(where, *pair, is_sent=is_sent)) for pair in pairs]
            if all(errors):
                # The one at the same place is what most likely was changed.
                yield from errors[place] if place < len(errors) else [f"{where}: other alternatives"]


def _alternatives_of(schema: Any) -> list[Any]:
    """What a value may be: the schema alone, or those of its `anyOf` if it says nothing else."""
    return schema["anyOf"] if schema.keys() - FOR_PEOPLE == {"anyOf"} else [schema]


def _required(where: str, before: set[str], after: set[str], *, is_sent: bool) -> Iterator[str]:
    if is_sent:
        yield from (f"{where}: the field {name} became required" for name in sorted(after - before))
    else:
        yield from (f"{where}: the field {name} may be absent" for name in sorted(before - after))


def _values(value: Any) -> set[str]:
    return {repr(each) for each in (value if isinstance(value, list) else [value])}


def _resolved(document: Mapping[str, Any], value: Any) -> Any:
    while isinstance(value, dict) and "$ref" in value:
        found: Any = document
        for part in value["$ref"].removeprefix("#/").split("/"):
            found = found[part.replace("~1", "/").replace("~0", "~")]
        value = found
    return value
