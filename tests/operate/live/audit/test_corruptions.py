"""Each thing that can be wrong is found and named, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chalicelib.audit.findings import KINDS
from stack.operate import audit
from tests.operate.live.audit.corruptions import CORRUPTIONS
from tests.operate.live.audit.planted import BRIEFLY, Planted


@pytest.mark.parametrize("corruption", CORRUPTIONS, ids=lambda corruption: corruption.__name__)
def test_each_corruption_is_found_and_named(planted: Planted, corruption: Callable[[Planted], str]) -> None:
    subject = corruption(planted)
    report = audit.audit_views(patience=BRIEFLY)
    assert CORRUPTIONS[corruption] <= {found.kind for found in report.differences if found.subject == subject}
    # Nobody else is accused: what is spoilt is one todo, and its owner's counts where they follow from it.
    assert {found.subject for found in report.differences} <= {subject, planted.owner.partition}


def test_each_kind_is_explained_and_can_be_found() -> None:
    assert set(KINDS) == set().union(*CORRUPTIONS.values())
