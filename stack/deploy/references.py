"""The values of the intrinsic functions in our templates, once the data stack is deployed."""

from __future__ import annotations

import re
from typing import Any


class References:
    """The values that a template of the compute stack refers to.

    Parameters
    ----------
    parameters : dict of str to str
    exports : dict of str to str
        The data stack's exports, by their names.
    conditions : dict, optional
        Those of the template.
    """

    def __init__(
        self, parameters: dict[str, str], exports: dict[str, str], conditions: dict[str, Any] | None = None
    ) -> None:
        self._parameters = parameters
        self._exports = exports
        self._conditions = conditions or {}

    def resolve(self, node: Any) -> Any:
        """The same structure with ``Ref`` (to a parameter), ``Fn::Sub``, ``Fn::ImportValue`` and ``Fn::If`` replaced.

        Raises
        ------
        KeyError
            It refers to something unknown, or by another function.
        """
        match node:
            case {"Ref": name}:
                return self._parameters[name]
            case {"Fn::Sub": str(text)}:
                return _filled(text, self._parameters)
            case {"Fn::Sub": [str(text), dict(values)]}:
                return _filled(text, {**self._parameters, **self.resolve(values)})
            case {"Fn::If": [name, one, other]}:
                return self.resolve(one if self.resolve(self._conditions[name]) else other)
            case {"Fn::Equals": [one, other]}:
                return self.resolve(one) == self.resolve(other)
            case {"Fn::Not": [condition]}:
                return not self.resolve(condition)
            case {"Fn::ImportValue": name}:
                return self._exports[self.resolve(name)]
            case dict():
                if intrinsic := [name for name in node if name.startswith("Fn::")]:
                    raise KeyError(intrinsic[0])
                return {name: self.resolve(value) for name, value in node.items()}
            case list():
                return [self.resolve(value) for value in node]
            case _:
                return node


def _filled(text: str, values: dict[str, str]) -> str:
    return re.sub(r"\$\{([^}]+)\}", lambda found: values[found[1]], text)
