"""Names are the field's own words: those that were given up for them do not come back."""

import io
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
GIVEN_UP = {
    "Aside": "VerifyingSink",
    "Asker": "QueryContext",
    "Cause": "CommandMetadata",
    "Doorman": "EgressPolicy",
    "GRANTED": "ROLE_PERMISSIONS",
    "Gathered": "BatchingReader",
    "Job": "PendingCommand",
    "KeptAnswer": "IdempotentResult",
    "Led": "LeasedView",
    "Ledger": "Outbox",
    "May": "Permission",
    "Memory": "AggregateRepository",
    "Paced": "RateLimitedLog",
    "Poster": "WebhookSender",
    "Prover": "Verifier",
    "TermOver": "LeaseLost",
    "Verdict": "VerificationReport",
    "Wish": "RebuildRequest",
    "Wishes": "RebuildRequests",
    "Wording": "SemanticsRewriter",
    "Work": "UnitOfWork",
    "era": "timeline",
    "who": "principal",
}
ROOMS = ("domain", "application", "projections", "adapters")


def names(file: Path) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(file.read_text()).readline):
        if token.type == tokenize.NAME:
            yield token.start[0], token.string


@pytest.mark.parametrize("room", ROOMS)
def test_no_name_is_one_that_was_given_up(room: str) -> None:
    found = [
        f"{file.relative_to(ROOT)}:{line}: {name} is {GIVEN_UP[name]}"
        for file in sorted((ROOT / room).rglob("*.py"))
        for line, name in names(file)
        if name in GIVEN_UP
    ]

    assert found == []
