"""The rule that a sales channel has for e-mail addresses is anybody's text: its size as well as its
time are bounded."""

import subprocess
import sys

import pytest

from domain.buyers import fits, usable_rule


@pytest.mark.parametrize("rule", [r"^(\w{1,40}\.){1,4}@", r"\w{300}", "(", r"(?<=a)b", r"a)(b"])
def test_a_rule_that_is_none_or_takes_megabytes_is_refused(rule: str) -> None:
    with pytest.raises(ValueError, match="without large repetitions"):
        usable_rule(rule)


@pytest.mark.parametrize(
    ("rule", "email", "is_fit"),
    [
        (r"@example\.(org|com)$", "Ann@Example.ORG", True),
        (r"^\w+([.-]\w+)*@(\w+\.)+be$", "ann.peeters@mail.ugent.be", True),
        (r"^[a-z]{2,60}@", "a@b", False),
        (r"(?x) ^ann @  # whoever she is", "ann@example.org", True),
        ("(", "ann@example.org", False),
    ],
)
def test_a_usable_rule_is_found_in_the_address(rule: str, email: str, *, is_fit: bool) -> None:
    assert fits(rule, email) is is_fit


MEASURED = r"""
import psutil
from adapters import heap
from domain.buyers import fits, usable_rule

heap.bound()
before = psutil.Process().memory_info().rss
for number in range(60):
    rule = usable_rule(r"^(\w{1,7}|\w{1,8})@%d" % number)
    assert not fits(rule, "ann@example.org")
print((psutil.Process().memory_info().rss - before) // 2**20)
"""


def test_rules_that_are_replaced_take_a_bounded_part_of_memory() -> None:
    command = [sys.executable, "-c", MEASURED]
    megabytes = subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert int(megabytes) < 150  # with eight times the size tried and 32 kept, it was 215
