"""How does text from files and from users get on a screen: without control characters, wrapped, counted?"""

from __future__ import annotations

import re
import textwrap

# Terminal controls, and the marks that make text read in another order than it is stored.
_UNPRINTABLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff\ufff9-\ufffb]"
)
_LARGE = re.compile(
    r"(?<![\w.,-])(?:\d+(?:\.\d+)?e\+?(?:0?[4-9]|1[0-4])|\d{5,9})(?![\w.,-])"
)  # worth commas


def printable(text: str) -> str:
    """The text on one line, with everything that could steer a terminal spelt out: an escape is `\\x1b`."""
    return _UNPRINTABLE.sub(lambda found: _spelt(found[0]), text)


def _spelt(character: str) -> str:
    return " " if character in "\t\n" else character.encode("unicode_escape", "replace").decode()


def wrapped(text: str, width: int) -> list[str]:
    """Paragraphs broken into lines; an empty line stands between them."""
    lines: list[str] = []
    for paragraph in text.split("\n\n"):
        if lines:
            lines.append("")
        lines += textwrap.wrap(
            printable(paragraph), max(width, 20), break_on_hyphens=False, break_long_words=False
        )
    return lines


def counted(count: int, one: str, many: str | None = None) -> str:
    """`1 fault`, `3 faults`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def large_in_words(text: str) -> str:
    """The text with its large numbers as people say them: "25 million km" for "2.5e+07 km"."""
    return _LARGE.sub(lambda found: _in_words(float(found[0])), text)


def _in_words(number: float) -> str:
    """A large number: "10,000", "25 million"."""
    for size, word in ((1e9, "billion"), (1e6, "million")):
        if abs(number) >= size:
            return f"{number / size:.6g} {word}"
    return f"{number:,.10g}"
