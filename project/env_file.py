"""The parser of `.env`: a line each of NAME=value, without interpolation.

    # a comment, as is the end of the next line
    NAME = value            # spaces around = and at the ends do not count
    export NAME=pass#word   # a # belongs to the value unless a space comes before it
    NAME='$egredo # "all"'  # in single quotes everything stands for itself
    NAME="a \\"b\\" \\\\ c"    # in double quotes \\" is a quote and \\\\ a backslash

The file is UTF-8, with or without a byte order mark, its lines end in LF or CRLF, and a name that
is given twice has its last value.
"""

import re
from pathlib import Path

_LINE = re.compile(r"(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*=(?P<value>.*)", re.A)
_SINGLE = re.compile(r"'(?P<text>[^']*)'\s*(?:#.*)?")
_DOUBLE = re.compile(r'"(?P<text>(?:[^"\\]|\\.)*)"\s*(?:#.*)?')
_COMMENT = re.compile(r"\s+#.*$")


def read_env_file(path: Path) -> dict[str, str]:
    """Return what the file gives, nothing when there is none.

    Raises: ValueError with a reason in one line, without any value.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror})") from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not UTF-8") from None
    try:
        return parse_env(text)
    except ValueError as error:
        raise ValueError(f"{path}, {error}") from None


def parse_env(text: str) -> dict[str, str]:
    """Return the variables of a file's text. Raises: ValueError, which names the line."""
    variables = {}
    for number, raw_line in enumerate(text.split("\n"), 1):
        line = raw_line.strip()
        if not line or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise ValueError(f"line {number}: write NAME=value")
        try:
            variables[match["name"]] = _value(match["value"])
        except ValueError as error:
            raise ValueError(f"line {number}: {match['name']} {error}") from None
    return variables


def _value(text: str) -> str:
    quoted = text.strip()
    if quoted[:1] == "'":
        if match := _SINGLE.fullmatch(quoted):
            return match["text"]
        raise ValueError("has a ' that is not closed, or text after it")
    if quoted[:1] == '"':
        if match := _DOUBLE.fullmatch(quoted):
            return re.sub(r'\\(["\\])', r"\1", match["text"])
        raise ValueError('has a " that is not closed, or text after it')
    return _COMMENT.sub("", text).strip()
