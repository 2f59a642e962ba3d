"""A local stack of these tests' own: the documents' commands use all of it, as somebody does who reads them."""

from __future__ import annotations

from tests.support.own_stack import stack

__all__ = ["stack"]
