"""What the intrinsic functions of our templates stand for, once the data stack is there."""

from __future__ import annotations

import re
from typing import Any


class References:
    """The values that a template of the compute stack refers to.

    Parameters
    ----------
    parameters : dict of str to str
    exports : dict of str to str
        By the names that the data stack exports them under.
    """

    def __init__(self, parameters: dict[str, str], exports: dict[str, str]) -> None:
        self._parameters = parameters
        self._exports = exports

    def resolve(self, node: Any) -> Any:
        """The same structure with ``Ref`` (to a parameter), ``Fn::Sub`` and ``Fn::ImportValue`` replaced.

        Raises
        ------
        KeyError
            It refers to what is not there, or in another way.
        """
        match node:
            case {"Ref": name}:
                return self._parameters[name]
            case {"Fn::Sub": str(text)}:
                return re.sub(r"\$\{([^}]+)\}", lambda found: self._parameters[found[1]], text)
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
