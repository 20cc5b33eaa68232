"""The documentation tells the truth: its tours run as printed, its tables are those of the code,
its links lead somewhere."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.settings import Settings
from tests import docs

README = docs.README.read_text()
TUTORIAL = (docs.DOCS / "tutorial.md").read_text()
TOURS = {"README": README.partition("## A tour\n")[2].partition("\n## ")[0], "tutorial": TUTORIAL}
MOST_LINES = 160
END = "--end-of-output--"


def steps(tour: str) -> Iterator[tuple[str, str]]:
    """Every block of a tour that is to be pasted, with what it is said to print."""
    for commands, printed in re.findall(
        r"```sh\n(.*?)```\n(?:\n```text\n(.*?)```\n)?", tour, re.DOTALL
    ):
        yield commands.strip("\n"), printed.strip("\n")


def commands_of(tour: str) -> str:
    return "\n".join(command for command, _ in steps(tour))


def test_the_readme_is_a_page() -> None:
    assert len(README.splitlines()) <= MOST_LINES
    assert len(commands_of(TOURS["README"]).splitlines()) <= 40


@pytest.mark.parametrize("tour", TOURS.values(), ids=TOURS)
def test_a_tour_asks_nothing_of_curl_that_older_ones_do_not_have(tour: str) -> None:
    commands = commands_of(tour)

    assert "curl" in commands
    assert not re.search(r"%header\{|%\{header_json|--json|--fail-with-body|--variable", commands)


@pytest.mark.parametrize("tour", TOURS.values(), ids=TOURS)
def test_a_tour_has_two_prices_a_refund_and_no_header_for_a_fresh_read(tour: str) -> None:
    commands = commands_of(tour)

    assert '"prices": {"1": 25.00, "2": 20.00}' in commands
    assert "/refunds" in commands
    assert "Stagebook-After" not in commands


@pytest.mark.slow
@pytest.mark.parametrize("tour", TOURS.values(), ids=TOURS)
def test_a_tour_prints_what_it_says(tmp_path: Path, tour: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    shell = subprocess.Popen(
        ["bash"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PATH": path, "TMPDIR": str(tmp_path)},
        start_new_session=True,
    )
    assert shell.stdin
    assert shell.stdout
    try:
        for command, expected in steps(tour):
            shell.stdin.write(command.replace("8123", port) + f"\necho; echo {END}\n")
            shell.stdin.flush()
            printed = "".join(iter(shell.stdout.readline, END + "\n")).strip("\n")
            pattern = re.escape(expected).replace("…", ".+?")
            assert re.fullmatch(pattern, printed), f"{command}\nprinted {printed}"
    finally:
        os.killpg(shell.pid, signal.SIGKILL)
        shell.communicate()


def test_the_tables_are_those_of_the_code() -> None:
    made = docs.tables()
    pages = {page: page.read_text() for page in docs.pages()}

    assert sorted(name for text in pages.values() for name in docs.tables_in(text)) == sorted(made)
    differ = [page.name for page, text in pages.items() if docs.written(text, made) != text]
    assert not differ, "run: python -m tests.docs"


def anchors(page: Path) -> set[str]:
    """What a forge makes of the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", docs.pages(), ids=lambda page: str(page.relative_to(docs.ROOT)))
def test_links_lead_to_files_and_headings(page: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", page.read_text())
    broken = []
    for link in links:
        if re.match(r"\w+:", link):
            continue
        place, _, heading = link.partition("#")
        file = page.parent / place if place else page
        if not file.exists() or (heading and heading not in anchors(file)):
            broken.append(link)

    assert broken == []


def test_every_page_of_the_documentation_is_linked() -> None:
    linked = set()
    for page in docs.pages():
        for link in re.findall(r"\]\(([^)\s#]+)", page.read_text()):
            linked.add((page.parent / link).resolve())

    pages = {page.resolve() for page in docs.pages() if page.is_relative_to(docs.DOCS)}
    assert pages - linked == set()


def test_make_has_the_commands_that_the_readme_names() -> None:
    makefile = (docs.README.parent / "Makefile").read_text()

    for target in set(re.findall(r"(?:^|`)make (\w+)", README, re.MULTILINE)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_settings_that_are_deployed_with_are_there() -> None:
    named = set(
        re.findall(r"STAGEBOOK_([A-Z_]+)", (docs.DOCS / "operations" / "postgresql.md").read_text())
    )

    assert named <= {name.upper() for name in Settings.model_fields}
