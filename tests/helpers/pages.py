"""Documentation pages as programs: every code block is run, from top to bottom, in one empty directory.

What the language of a block means:

- `toml`, `python` with a first line `# NAME.EXT`: the file of that name. Other `toml` is only read.
- `python`: run, all blocks of a page in one session.
- `bash`: run as a script.
- `text`: what the block before it prints. a line `...` is any number of lines; numbers agree to four digits.
- `console`: what cannot be run here, one command after each `$`.
"""

import json
import math
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

HOME = Path(__file__).parents[2]
FENCE = re.compile(r"^```([\w{}-]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"# ([\w.-]+\.(?:py|toml))\n")
SKIPPED = ("mermaid", "console", "{toctree}")
SESSION = """
import contextlib, io, json, sys
names = {"__name__": "__main__"}
for line in sys.stdin:
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown):
        exec(compile(json.loads(line), "<page>", "exec"), names)
    print(json.dumps(shown.getvalue()), flush=True)
"""


def blocks(page: str) -> list[tuple[str, str]]:
    """Language and text of every fenced block of a page."""
    return FENCE.findall(page)


def environment() -> dict[str, str]:
    """That of a user who has this checkout installed."""
    places = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return {**os.environ, "PATH": places, "PYTHONPATH": str(HOME), "MPLBACKEND": "agg"}


def outputs(page: str, folder: Path) -> Iterator[tuple[str, str, str | None]]:
    """Run the blocks in a folder: what each prints, its text, and what the page says that it prints."""
    found = blocks(page)
    with ExitStack() as closing:
        session = None
        for (language, text), (following, said) in pairwise([*found, ("", "")]):
            name = NAMED.match(text)
            if language in ("toml", "python") and name:
                (folder / name[1]).write_text(text, encoding="utf-8")
            elif language == "toml":
                tomllib.loads(text)
            elif language == "python":
                if session is None:
                    session = closing.enter_context(_session(folder))
                yield _answer(session, text), text, said if following == "text" else None
            elif language == "bash":
                yield _shell(text, folder), text, said if following == "text" else None
            else:
                assert language in (*SKIPPED, "text"), f"blocks of the language {language!r} are not run"


def agree(printed: str, said: str) -> bool:
    """Whether a program printed what a page says, line by line; a line `...` is any number of lines."""
    lines, left_out = iter([line for line in printed.splitlines() if line.strip()]), False
    for line in filter(str.strip, said.splitlines()):
        if line.strip() == "...":
            left_out = True
        elif left_out:
            if not any(_alike(other, line) for other in lines):
                return False
            left_out = False
        elif not _alike(next(lines, ""), line):
            return False
    return left_out or next(lines, None) is None


def _alike(printed: str, said: str) -> bool:
    """The same words, and numbers to four digits."""
    words, wanted = printed.split(), said.split()
    return len(words) == len(wanted) and all(map(_same, words, wanted))


def _same(word: str, wanted: str) -> bool:
    try:
        return math.isclose(float(word.strip("(),[];")), float(wanted.strip("(),[];")), rel_tol=1e-4)
    except ValueError:
        return word == wanted


def _shell(text: str, folder: Path) -> str:
    command = ["bash", "-euo", "pipefail", "-c", text]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, env=environment(), timeout=1100
    )
    assert done.returncode == 0 and "Traceback" not in done.stderr, f"{text}\n{done.stderr}"
    return done.stdout


def _session(folder: Path) -> "subprocess.Popen[str]":
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", SESSION]
    return subprocess.Popen(command, cwd=folder, stdin=pipe, stdout=pipe, text=True, env=environment())


def _answer(session: "subprocess.Popen[str]", text: str) -> str:
    assert session.stdin is not None and session.stdout is not None
    session.stdin.write(json.dumps(text) + "\n")
    session.stdin.flush()
    line = session.stdout.readline()
    assert line, f"failed, as standard error says:\n{text}"
    return json.loads(line)
