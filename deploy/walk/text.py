"""The commands of docs/DEPLOY.md, by section, in the order of the text."""

import re
from collections.abc import Iterator
from pathlib import Path

GUIDE = Path(__file__).resolve().parent.parent.parent / "docs" / "DEPLOY.md"
HEADING = re.compile(r"^## (.*)$", re.MULTILINE)
BLOCK = re.compile(r"^```(?:sh)?\n(.*?)^```$", re.DOTALL | re.MULTILINE)
HEREDOC = re.compile(r"<<(\w+)")


def sections(text: str) -> dict[str, list[str]]:
    """Return the code blocks below each heading; those of other languages are left out."""
    parts = HEADING.split(text)
    return {
        heading: BLOCK.findall(body) for heading, body in zip(parts[1::2], parts[2::2], strict=True)
    }


def commands(block: str) -> Iterator[str]:
    """Yield the commands of a block: a line each, with the lines of its here-document."""
    lines = iter(block.splitlines())
    for line in lines:
        whole = [line]
        if end := HEREDOC.search(line):
            for more in lines:
                whole.append(more)
                if more == end[1]:
                    break
        if line.strip():
            yield "\n".join(whole)
