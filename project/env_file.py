"""The parser of `.env`: lines of NAME=value, without interpolation.

    # a comment; comments may also follow a value
    NAME = value            # spaces around = and at the ends are ignored
    export NAME=pass#word   # a # without a space before it belongs to the value
    NAME='$egredo # "all"'  # single quotes: no special characters
    NAME="a \\"b\\" \\\\ c"    # double quotes: \\" is a quote, \\\\ a backslash

The file is UTF-8, with or without a byte order mark; lines end in LF or CRLF. The last value of a
repeated name counts.
"""

import re
from pathlib import Path

_LINE = re.compile(r"(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*=(?P<value>.*)", re.A)
_SINGLE = re.compile(r"'(?P<text>[^']*)'\s*(?:#.*)?")
_DOUBLE = re.compile(r'"(?P<text>(?:[^"\\]|\\.)*)"\s*(?:#.*)?')
_COMMENT = re.compile(r"\s+#.*$")


def read_env_file(path: Path) -> dict[str, str]:
    """Return the file's variables, none if it does not exist.

    Raises: ValueError with a one-line reason that contains no value.
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
    """Return the variables in the text of a file. Raises: ValueError with the line number."""
    variables = {}
    for number, raw_line in enumerate(text.split("\n"), 1):
        line = raw_line.strip()
        if not line or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise ValueError(f"line {number}: write NAME=value")
        if "\0" in line:
            raise ValueError(f"line {number}: {match['name']} contains a NUL byte")
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
