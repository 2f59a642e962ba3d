"""What a row says and no field of a todo holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

import msgspec

_NAMES_SHOWN: Final = 12
_NAME_SHOWN: Final = 60


class Loss(msgspec.Struct, frozen=True, gc=False):
    """What a row says and no field of a todo holds.

    Attributes
    ----------
    kept : tuple of str
        The names of the values that are kept in the metadata.
    notices : tuple of str
        What else the reader decided, each as a sentence that many rows may share, without the row's own values:
        ``a reminder that lies in the past was kept as metadata``.
    """

    kept: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()

    def text(self) -> str:
        """It in one line."""
        return "; ".join([*([f"kept as metadata: {shown(self.kept)}"] if self.kept else []), *self.notices])


def shown(names: Iterable[str], remarks: Mapping[str, str] = MappingProxyType({})) -> str:
    """Names in one line, with remarks on some: the first few, and how many there are more."""
    cut = [
        (name if len(name) <= _NAME_SHOWN else f"{name[: _NAME_SHOWN - 1]}…") + remarks.get(name, "") for name in names
    ]
    more = len(cut) - _NAMES_SHOWN
    return ", ".join(cut[:_NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")
