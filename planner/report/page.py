"""How do texts fit a page: cut, broken into lines, listed under a title?"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

from rich.text import Text

CONTINUED, INDENT = " \\", "  "  # a command that goes on, and its next line
_BEFORE_UNIT = re.compile(r"(?<=\d) (?=%|[A-Za-z]{1,2}\b|million\b)")
_WORD = re.compile(r"""(?:[^\s'"]|'[^']*'|"[^"]*")+""")
LEAD = 10  # room for the title of a list, before its items


class Page:
    """Lines of text within a width."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.lines: list[Text] = []

    def skip(self) -> None:
        if self.lines and self.lines[-1].plain:
            self.lines.append(Text(""))

    def add(self, text: str, style: str = "") -> None:
        self.lines.append(Text(text[: self.width].rstrip(), style=style))

    def wrapped(self, text: str, indent: str = "", style: str = "") -> None:
        for line in _broken(text, self.width, indent):
            self.lines.append(Text(line, style=style))

    def flowing(self, lead: str, parts: Sequence[str]) -> None:
        """Parts with dots between them; a line breaks only at a dot."""
        line = lead + parts[0]
        for part in parts[1:]:
            if len(line) + len(part) + 5 > self.width:
                self.add(line + " ·")
                line = " " * len(lead) + part
            else:
                line += f" · {part}"
        self.add(line)

    def entries(self, title: str, items: Sequence[str], style: str = "") -> None:
        """A titled list; nothing where there are no items."""
        lead = title.ljust(LEAD)
        for item in items:
            room = self.width - len(lead)
            for part in _broken(item, room, "  "):
                line = Text(lead, style="bold")
                line.append(part, style=style or "not bold")
                self.lines.append(line)
                lead = " " * len(lead)

    def commands(self, title: str, commands: Sequence[Sequence[str]]) -> None:
        """Commands to type; one that is too long goes on after a backslash, part by part or word by word."""
        lead = title.ljust(LEAD)
        for parts in commands:
            for line in _continued(parts, self.width - len(lead)):
                self.lines.append(Text.assemble((lead, "bold"), line))
                lead = " " * len(lead)


def _continued(parts: Sequence[str], width: int) -> list[str]:
    """A command on one line, or on several that a shell reads as one; only a word that is longer exceeds the width.

    It breaks between parts, and within a part that no line takes between its words.
    """
    whole = " ".join(parts)
    if len(whole) <= width:
        return [whole]
    room = width - len(CONTINUED) - len(INDENT)
    pieces = [word for part in parts for word in ([part] if len(part) <= room else _words(part))]
    lines = pieces[:1]
    for piece in pieces[1:]:
        if len(lines[-1]) + 1 + len(piece) <= room:
            lines[-1] += f" {piece}"
        else:
            lines.append(piece)
    return f"{CONTINUED}\n{INDENT}".join(lines).split("\n")


def _words(part: str) -> list[str]:
    """What a shell takes for one word each, quotes kept."""
    return _WORD.findall(part)


def _broken(text: str, width: int, indent: str) -> list[str]:
    """Lines of a text; a number keeps its unit."""
    joined = _BEFORE_UNIT.sub("\u00a0", text)
    lines = textwrap.wrap(joined, width, subsequent_indent=indent, break_on_hyphens=False)
    return [line.replace("\u00a0", " ") for line in lines]


def cut(text: str, width: int) -> str:
    """The text, or as much of its beginning as fits."""
    return text if len(text) <= width else text[: width - 3].rstrip() + "..."
