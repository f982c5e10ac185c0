"""What models can do with references × the option × the data."""

from __future__ import annotations

import pytest
from lp_comet.references import References, with_references

NEEDS = References(needed=True, usable=True)
EITHER = References(needed=False, usable=True)
WITHOUT = References(needed=False, usable=False)


@pytest.mark.parametrize(
    ("can", "wanted", "there", "refer"),
    [
        (NEEDS, "auto", True, True),
        (NEEDS, True, True, True),
        (EITHER, "auto", True, True),
        (EITHER, "auto", False, False),
        (EITHER, True, True, True),
        (EITHER, False, True, False),
        (EITHER, False, False, False),
        (WITHOUT, "auto", True, False),
        (WITHOUT, "auto", False, False),
        (WITHOUT, False, True, False),
    ],
)
def test_who_sees_references(can: References, wanted: str | bool, there: bool, refer: bool) -> None:
    assert with_references(wanted, can, there, "s: m") is refer


@pytest.mark.parametrize(
    ("can", "wanted", "there", "complaint"),
    [
        (NEEDS, "auto", False, "s: m needs references, and the data has none"),
        (EITHER, True, False, "s: m needs references, and the data has none"),
        (NEEDS, False, True, "s: m can't do without references; leave the option `references` at auto"),
        (WITHOUT, True, True, "s: m has no use for references; leave the option `references` at auto"),
    ],
)
def test_what_does_not_go_together_is_refused(
    can: References, wanted: str | bool, there: bool, complaint: str
) -> None:
    with pytest.raises(ValueError, match=f"^{complaint}$"):
        with_references(wanted, can, there, "s: m")
