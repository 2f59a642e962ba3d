"""One module for each resource, with the handlers of its routes.

A module is imported when it is first used as an attribute of this package: a cold start pays for the resource that it
serves, not for all.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chalicelib.api.resources import activity as activity
    from chalicelib.api.resources import batch as batch
    from chalicelib.api.resources import calendar as calendar
    from chalicelib.api.resources import changes as changes
    from chalicelib.api.resources import documentation as documentation
    from chalicelib.api.resources import exports as exports
    from chalicelib.api.resources import feeds as feeds
    from chalicelib.api.resources import lists as lists
    from chalicelib.api.resources import operations as operations
    from chalicelib.api.resources import page as page
    from chalicelib.api.resources import preferences as preferences
    from chalicelib.api.resources import problems as problems
    from chalicelib.api.resources import system as system
    from chalicelib.api.resources import todos as todos
    from chalicelib.api.resources import webhooks as webhooks
else:

    def __getattr__(name):
        try:
            return import_module(f"{__name__}.{name}")
        except ModuleNotFoundError:
            raise AttributeError(name) from None
