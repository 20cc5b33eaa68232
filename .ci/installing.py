"""Runs pip, and shows in one line how far it is: by itself it tells too much or nothing at all."""

import re
import shutil
import subprocess
import sys
from pathlib import Path


def main() -> int:
    """The exit code is pip's; what went wrong is on standard error, as pip has it."""
    command = sys.argv[1:]
    listed = Path(command[-1]).read_text()
    total = len(re.findall(r"^[a-z0-9].*==", listed, re.MULTILINE | re.IGNORECASE))
    width = min(shutil.get_terminal_size().columns, 78) - 1
    done = 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as pip:  # noqa: S603 - our own
        assert pip.stdout  # noqa: S101 - asked for
        for line in pip.stdout:
            word, _, name = line.strip().partition(" ")
            if word in ("Collecting", "Processing", "Requirement"):
                done += 1
                name = name.removeprefix("already satisfied: ").rpartition("/")[2]
                what = re.split(r"[=<>;\[ ]|-\d", name)[0]
                told = f"  {done} of {total}: {what}"
            elif word == "Installing":
                told = f"  installing {total} packages"
            else:
                continue
            print("\r" + told[:width].ljust(width), end="", flush=True)
    print()
    return pip.returncode


if __name__ == "__main__":
    sys.exit(main())
