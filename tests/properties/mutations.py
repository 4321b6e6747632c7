"""Damaged scenarios: what people, editors and merges do to a YAML file, one fault at a time.

Every mutation takes a text and a source of chance and gives another text; the same seed gives the
same damage. Some work on characters and lines, some on the tree of keys and values.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random
from typing import Any

import yaml

Mutation = Callable[[str, Random], str]

ODD_VALUES = (
    *("nan", ".nan", "inf", "-inf", ".inf", "1e400", "-1e400", "1e30", "-1e30", "1e-320", "-1"),
    *(
        "0",
        "-0",
        "1e9",
        "99999999999999999999",
        "010",
        "0x10",
        "1:30",
        "1_000",
        "1,5",
        "1.5.1",
        "--1",
    ),
    *(
        "",
        "~",
        "null",
        "true",
        "no",
        "yes",
        "[]",
        "{}",
        "[1, 2]",
        "{a: 1}",
        "[[[]]]",
        "[~]",
        "{value: }",
    ),
    *(
        '"',
        "'",
        '"\\u0000"',
        '"\\ud800"',
        "٣",
        "½ GB",
        "１２ GB",
        "²",
        "∞",
        "🚗",
        "ÿ",
        "a b",
        "-",
        "%",
        "5 % %",
    ),
    *(
        "5 GBs",
        "5 gigabyte",
        "5 GB/",
        "/ GB",
        "GB",
        "5 GB GB",
        "5 GB^2",
        "5 GB/s/s",
        "5 m^9",
        "5 GB^-9",
    ),
    *(
        "!!python/object:os.system x",
        "!x 1",
        "&a 1",
        "*a",
        "<<",
        "|",
        ">-",
        "@",
        "`",
        "2024-13",
        "0000-01",
    ),
    *("2024-00", "9999-12", "2024-1", "-2024-01", "99999-01", "2024", "two", "x" * 5000, "{" * 40),
    *(
        "{value: 1}",
        "{low: 3, base: 2, high: 1}",
        "{low: 1, base: 1, high: 1}",
        "{series: {2024-01: 1}}",
    ),
    *(
        "{p10: 1, p50: 1, p90: 4}",
        "{low: 0, base: 1e-300, high: 1e29}",
        "{uniform: {least: 1, most: 2}}",
        "{triangular: {least: 1, mode: 9, most: 2}}",
        "{normal: {mean: 1, sd: 1e29}}",
        "{lognormal: {median: 1, sigma: 1e9}}",
        "{beta: {alpha: 1e-9, beta: 1e9}}",
        "{discrete: [1, {value: 1}]}",
        "{discrete: {value: 1}}",
    ),
    *(
        "{series: {}}",
        "{series: {x: 1}}",
        "{series: [1]}",
        "{value: 1, low: 2}",
        "{value: {value: 1}}",
    ),
)
UNITS = (
    "W",
    "MW",
    "GB",
    "GB/s",
    "day",
    "month",
    "USD",
    "kg",
    "%",
    "1/hour",
    "vehicle",
    "km",
    "FLOP",
    "J",
)
ODD_CHARACTERS = "\t\x00\x07\x1b\x7f\x85\u2028\u202e\u200b\ufeff\u00a0\r:{}[],&*!|>'\"%@`#-?~^\\é車"
ODD_KEYS = (
    "",
    "~",
    "<<",
    "?",
    "a.b",
    "x" * 300,
    "é",
    "Title",
    "on",
    "2024-01",
    "__class__",
    "extends",
    "- a",
)
VALUE = re.compile(r"(?<=: )[^{}\[\],#\n]+")
NUMBER = re.compile(r"(?<![\w.\-])\d+(?:\.\d+)?(?= |,|}|\n)")
KEY = re.compile(r"[A-Za-z_][\w\-]*(?=:(?: |\n))")


def _replaced(text: str, found: re.Match[str] | None, by: str) -> str:
    return text if found is None else text[: found.start()] + by + text[found.end() :]


def _any(pattern: re.Pattern[str], text: str, chance: Random) -> re.Match[str] | None:
    found = list(pattern.finditer(text))
    return chance.choice(found) if found else None


def _on_lines(change: Callable[[list[str], int, Random], None]) -> Mutation:
    def mutate(text: str, chance: Random) -> str:
        lines = text.split("\n")
        change(lines, chance.randrange(len(lines)), chance)
        return "\n".join(lines)

    mutate.__name__ = change.__name__
    return mutate


@_on_lines
def delete_line(lines: list[str], at: int, chance: Random) -> None:
    del lines[at]


@_on_lines
def delete_lines(lines: list[str], at: int, chance: Random) -> None:
    del lines[at : at + chance.randint(2, 12)]


@_on_lines
def repeat_line(lines: list[str], at: int, chance: Random) -> None:
    lines.insert(at, lines[at])


@_on_lines
def swap_lines(lines: list[str], at: int, chance: Random) -> None:
    other = chance.randrange(len(lines))
    lines[at], lines[other] = lines[other], lines[at]


@_on_lines
def move_line(lines: list[str], at: int, chance: Random) -> None:
    line = lines.pop(at)
    lines.insert(chance.randrange(len(lines) + 1), line)


@_on_lines
def indent_more(lines: list[str], at: int, chance: Random) -> None:
    lines[at] = " " * chance.randint(1, 5) + lines[at]


@_on_lines
def indent_less(lines: list[str], at: int, chance: Random) -> None:
    lines[at] = lines[at].lstrip(" ") if chance.random() < 0.5 else lines[at][1:]


@_on_lines
def indent_with_tab(lines: list[str], at: int, chance: Random) -> None:
    lines[at] = "\t" + lines[at].lstrip(" ")


@_on_lines
def cut_line(lines: list[str], at: int, chance: Random) -> None:
    lines[at] = lines[at][: chance.randint(0, len(lines[at]))]


@_on_lines
def join_lines(lines: list[str], at: int, chance: Random) -> None:
    lines[at : at + 2] = [" ".join(lines[at : at + 2])]


def cut_file(text: str, chance: Random) -> str:
    return text[: chance.randrange(len(text))]


def insert_character(text: str, chance: Random) -> str:
    at = chance.randrange(len(text))
    return text[:at] + chance.choice(ODD_CHARACTERS) + text[at:]


def delete_character(text: str, chance: Random) -> str:
    at = chance.randrange(len(text))
    return text[:at] + text[at + 1 :]


def replace_value(text: str, chance: Random) -> str:
    return _replaced(text, _any(VALUE, text, chance), chance.choice(ODD_VALUES))


def replace_number(text: str, chance: Random) -> str:
    return _replaced(text, _any(NUMBER, text, chance), chance.choice(ODD_VALUES))


def negate_number(text: str, chance: Random) -> str:
    found = _any(NUMBER, text, chance)
    return _replaced(text, found, f"-{found[0]}" if found else "")


def scale_number(text: str, chance: Random) -> str:
    found = _any(NUMBER, text, chance)
    return _replaced(text, found, f"{found[0]}e{chance.randint(-40, 40)}" if found else "")


def replace_unit(text: str, chance: Random) -> str:
    found = _any(re.compile(r"(?<=\d )[A-Za-z%/1][\w/%^]*(?=[,}\n])"), text, chance)
    return _replaced(text, found, chance.choice(UNITS))


def rename_key(text: str, chance: Random) -> str:
    found = _any(KEY, text, chance)
    if found is None:
        return text
    name = found[0]
    at = chance.randrange(len(name))
    typo = name[:at] + chance.choice("xq_") + name[at + 1 :]
    return _replaced(text, found, chance.choice([typo, name + "s", name.upper(), *ODD_KEYS]))


def swap_keys(text: str, chance: Random) -> str:
    first, second = _any(KEY, text, chance), _any(KEY, text, chance)
    if first is None or second is None or first.start() >= second.start():
        return text
    return _replaced(_replaced(text, second, first[0]), first, second[0])


def _on_tree(change: Callable[[Any, Any, Random], None]) -> Mutation:
    """Damage one entry of the parsed file, and write it again."""

    def mutate(text: str, chance: Random) -> str:
        tree = yaml.load(text, yaml.CBaseLoader)
        places = list(_places(tree))
        change(*chance.choice(places), chance)
        return str(yaml.dump(tree, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True))

    mutate.__name__ = change.__name__
    return mutate


def _places(node: Any) -> Any:
    """Every container under a node with every key or index in it."""
    pairs = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in pairs:
        yield node, key
        if isinstance(value, dict | list) and value:
            yield from _places(value)


@_on_tree
def delete_entry(node: Any, key: Any, chance: Random) -> None:
    del node[key]


@_on_tree
def wrap_entry_in_list(node: Any, key: Any, chance: Random) -> None:
    node[key] = [node[key]]


@_on_tree
def wrap_entry_in_table(node: Any, key: Any, chance: Random) -> None:
    node[key] = {chance.choice(["value", "series", "x"]): node[key]}


@_on_tree
def replace_entry(node: Any, key: Any, chance: Random) -> None:
    node[key] = chance.choice(
        [None, "x", "", "-1", [], {}, ["x"], {"x": "y"}, {"value": None}, [[None]]]
    )


@_on_tree
def add_entry(node: Any, key: Any, chance: Random) -> None:
    if isinstance(node, dict):
        node[chance.choice(["x", "", "Value", "note", "é", "sources"])] = chance.choice(
            ["1", None, [], {}]
        )
    else:
        node.append(chance.choice(["1", None, [], {}]))


@_on_tree
def copy_entry_under_another_name(node: Any, key: Any, chance: Random) -> None:
    if isinstance(node, dict):
        node[f"{key}_2"] = node[key]
    else:
        node.append(node[key])


@_on_tree
def empty_container(node: Any, key: Any, chance: Random) -> None:
    node.clear()


MUTATIONS: tuple[Mutation, ...] = (
    delete_line, delete_lines, repeat_line, swap_lines, move_line, indent_more, indent_less,
    indent_with_tab, cut_line, join_lines, cut_file, insert_character, delete_character,
    replace_value, replace_value, replace_number, replace_number, negate_number, scale_number,
    replace_unit, rename_key, rename_key, swap_keys, delete_entry, wrap_entry_in_list,
    wrap_entry_in_table, replace_entry, replace_entry, add_entry, copy_entry_under_another_name,
    empty_container,
)  # fmt: skip


def mutated(text: str, seed: int) -> tuple[str, str]:
    """The text with the damage of a seed, and the name of the damage."""
    chance = Random(seed)
    mutation = MUTATIONS[seed % len(MUTATIONS)]
    return mutation(text, chance), mutation.__name__
