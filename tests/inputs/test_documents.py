"""What YAML text is taken to say, what is refused, and whether every fault names its line."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, ValidationError

from planner.errors import Fault, InputError
from planner.inputs.documents import (
    Items,
    Table,
    Text,
    dotted,
    load,
    loads,
    locate,
    merge,
    plain,
    reading,
    resolve,
    set_path,
)
from planner.inputs.documents.editing import _parse_path
from planner.inputs.documents.tree import CONTROL

SCENARIO = """\
# a small scenario
programs:
  model_n:
    daily_hours: {value: 1.3 hour, source: "a survey", confidence: published}
    regions: [NO, DE]
  "v1.5":
    daily_hours: 2 hour
installed:
  - site: north
    count: 8
  - site: south
    count: 16
growth:
  series:
    2024-01: 0 %
    2025-12: 5 %
nothing:
"""


@pytest.fixture(autouse=True)
def every_text_is_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parsing is what is tested here: nothing remembered from another test stands in for it."""
    monkeypatch.setattr(reading, "loads", loads)


@pytest.fixture(params=["libyaml", "pure Python"])
def either_parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "pure Python":
        monkeypatch.setattr(reading, "_LOADER", yaml.SafeLoader)


def faults_of(text: str) -> list[Fault]:
    with pytest.raises(InputError) as caught:
        loads(text, "f.yaml")
    return list(caught.value.faults)


def only_fault(caught: pytest.ExceptionInfo[InputError]) -> Fault:
    (fault,) = caught.value.faults
    return fault


# --- What a text says ----------------------------------------------------------------------------


def test_scalars_stay_as_people_wrote_them(either_parser: None) -> None:
    tree = loads("a: NO\nb: 1:30\nc: 010\nd: 1e9\ne: 2024-01-31\nf: 1_000\ng: .5\nh: yes", "f")
    assert list(plain(tree).values()) == [
        *("NO", "1:30", "010", "1e9", "2024-01-31", "1_000", ".5", "yes")
    ]


def test_only_a_plain_null_is_null(either_parser: None) -> None:
    tree = loads("a:\nb: ~\nc: null\nd: Null\ne: 'null'\nf: \"\"\ng: none\nnull: x", "f")
    assert plain(tree) == {
        **{"a": None, "b": None, "c": None, "d": None},
        **{"e": "null", "f": "", "g": "none", "null": "x"},
    }


def test_every_value_and_key_knows_its_file_and_line(either_parser: None) -> None:
    tree = loads("a: 1\nb:\n  - x\n  -\n    c:\n      long\nd: |\n  text\n", "f.yaml")
    assert isinstance(tree, Table) and (tree.file, tree.line) == ("f.yaml", 1)
    items = tree.entries["b"]
    assert isinstance(items, Items) and items.line == 3
    inner = items.items[1]
    assert isinstance(inner, Table)
    assert inner.keys["c"] == ("f.yaml", 5)
    assert inner.entries["c"] == Text("long", "f.yaml", 6)
    assert tree.entries["d"] == Text("text\n", "f.yaml", 7)


def test_an_alias_repeats_the_value_that_it_names(either_parser: None) -> None:
    tree = loads("a: &x {b: [1, 2]}\nc: *x", "f")
    assert plain(tree) == {"a": {"b": ["1", "2"]}, "c": {"b": ["1", "2"]}}


def test_byte_order_mark_and_windows_line_ends_are_no_part_of_the_text(tmp_path: Path) -> None:
    (tmp_path / "f.yaml").write_bytes("\ufeffa: 1\r\nb: °C\r\n".encode())
    tree = load(tmp_path / "f.yaml", "f.yaml")
    assert plain(tree) == {"a": "1", "b": "°C"}
    assert tree.keys["b"] == ("f.yaml", 2)


# --- What is refused -----------------------------------------------------------------------------


def test_a_duplicate_key_names_both_lines(either_parser: None) -> None:
    (fault,) = faults_of("a:\n  b: 1\n  c: 2\n  b: 3")
    assert (fault.line, fault.path) == (4, "a.b")
    assert "already given on line 2" in fault.message


def test_all_faults_of_a_file_come_at_once(either_parser: None) -> None:
    faults = faults_of("a: !x 1\nb: {c: 1, c: 2}\nd: *nope\n<<: {e: 1}\n? [f]\n: 1\ng: [1")
    assert [fault.line for fault in faults] == [1, 2, 3, 4, 5, 7]
    assert "tag" in faults[0].message and "already given" in faults[1].message
    assert "no anchor" in faults[2].message and "extends" in faults[3].message
    assert "a list cannot be a key" in faults[4].message
    assert "',' or ']'" in faults[5].message


@pytest.mark.parametrize("tag", ["!x", "!!str", "!!python/object/apply:os.system", "!", "!<a>"])
def test_a_tag_is_refused(either_parser: None, tag: str) -> None:
    (fault,) = faults_of(f"a:\n  b: {tag} 'x'")
    assert (fault.line, fault.path) == (2, "a.b")
    assert "tag" in fault.message


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ("a: 1\nb: [1, 2\nc: 3", 3, "expected ',' or ']'"),
        ("a: 1\n  b: 2", 2, 'expected one "key: value"'),
        ("a: b: c", 1, 'expected one "key: value"'),
        ("a:\n\t- 1", 2, "a tab; indent with spaces"),
        ("a:\n  b: 1\n\tc: 2", 3, "a tab; indent with spaces"),
        ("a:\n  -\tb: 1\n  - c", 2, "a tab; indent with spaces"),
        ("a: 1\nb: 'x\ty': z", 2, 'expected one "key: value" here'),
        ("a: 1\nb: 'x\n\n\n", 2, "expected the closing quote"),
        ("a: @home", 1, "quote a text that begins with @"),
        ("a: 1\nb", 2, 'expected "key: value"'),
        ("a:\n    b: 1\n  c: 2", 3, "indented like"),
    ],
)
def test_a_syntax_fault_says_where_and_what_was_expected(
    either_parser: None, text: str, line: int, expected: str
) -> None:
    fault = faults_of(text)[-1]
    assert fault.line == line
    assert expected in fault.message
    assert "\n" not in fault.message


@pytest.mark.parametrize("text", ["", "\n\n", "# only a remark\n", "---\n", "~", "--- \n..."])
def test_an_empty_file_is_refused(either_parser: None, text: str) -> None:
    assert "empty" in faults_of(text)[0].message


@pytest.mark.parametrize(("text", "found"), [("- 1", "a list"), ("20 MW", 'the text "20 MW"')])
def test_a_file_holds_a_table(either_parser: None, text: str, found: str) -> None:
    assert f"found {found}" in faults_of(text)[0].message


def test_a_file_holds_one_document(either_parser: None) -> None:
    (fault,) = faults_of("a: 1\n---\nb: 2")
    assert fault.line == 2 and "one document" in fault.message


@pytest.mark.parametrize("character", ["\0", "\x1b", "\x7f", "\x85", "\u2028", "\u202e", "\ufffe"])
def test_control_characters_are_refused_as_such_and_as_escapes(
    either_parser: None, character: str
) -> None:
    name = f"U+{ord(character):04X}"
    (raw,) = faults_of(f"a: 1\nb: x{character}y")
    assert raw.line == 2 and name in raw.message
    (escaped,) = faults_of(f'a: 1\nb: "x\\u{ord(character):04x}y"')
    assert (escaped.line, escaped.path) == (2, "b") and name in escaped.message


@pytest.mark.parametrize("text", ['a: "\\UFFFFFFFF"', f"%YAML 1.{'9' * 5000}\n---\na: 1"])
def test_absurd_numbers_in_the_syntax_are_faults_like_others(
    either_parser: None, text: str
) -> None:
    assert faults_of(text)[0].line == 1


def test_a_key_is_there_short_and_on_one_line(either_parser: None) -> None:
    assert "missing" in faults_of("'': 1")[0].message
    assert "longer than" in faults_of(f"? {'k' * 300}\n: 1")[0].message
    assert "one line" in faults_of('"a\\nb": 1')[0].message


def test_a_doubled_anchor_is_refused(either_parser: None) -> None:
    (fault,) = faults_of("a: &x 1\nb: &x 2")
    assert fault.line == 2 and "line 1" in fault.message


def test_an_alias_inside_the_value_that_it_names_is_refused(either_parser: None) -> None:
    (fault,) = faults_of("a: &x\n  b: *x")
    assert (fault.line, fault.path) == (2, "a.b")


def test_an_alias_bomb_is_refused_at_once() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 30)]
    start = time.process_time()
    (fault,) = faults_of("\n".join(lines))
    assert time.process_time() - start < 0.1
    assert "100,000 values" in fault.message


def test_depth_counts_through_aliases(either_parser: None) -> None:
    tower = "[" * 20 + "]" * 20
    assert plain(loads(f"a: &x {tower}\nb: [*x]", "f"))
    (fault,) = faults_of(f"a: &x {tower}\nb: {'[' * 12}*x{']' * 12}")
    assert fault.line == 2 and "30 deep" in fault.message


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_a_deep_tower_is_refused_at_once(opening: str) -> None:
    start = time.process_time()
    assert "30 deep" in faults_of(opening * 200_000)[0].message
    assert time.process_time() - start < 0.5


def test_a_file_that_cannot_be_text_is_refused(tmp_path: Path) -> None:
    for name, data, expected in [
        ("latin.yaml", "a: 1\nb: \xe9".encode("latin-1"), "0xE9 is not UTF-8"),
        ("utf16.yaml", "a: 1".encode("utf-16"), "not UTF-8"),
        ("large.yaml", b"a: " + b"x" * 2**20, "larger than the 1,048,576 bytes"),
    ]:
        (tmp_path / name).write_bytes(data)
        with pytest.raises(InputError, match=expected):
            load(tmp_path / name)
    with pytest.raises(InputError) as caught:
        load(tmp_path / "latin.yaml", "latin.yaml")
    assert (only_fault(caught).file, only_fault(caught).line) == ("latin.yaml", 2)


def test_a_missing_file_names_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "baseline.yaml").write_text("a: 1")
    with pytest.raises(InputError, match=r"no such file; nearest: baseline\.yaml"):
        load(tmp_path / "basline.yaml")
    with pytest.raises(InputError, match="is a folder"):
        load(tmp_path)
    with pytest.raises(InputError, match="cannot be read"):
        load(tmp_path / "nul\0")


# --- Any text at all -----------------------------------------------------------------------------

FRAGMENTS = st.sampled_from(
    [
        *"{}[]:,-?&*!|>'\"%@`#~<\t\n\r \0\x1b\x85\u2028\u202e\ufeff\ud800é",
        *("<<: ", "&x ", "*x", "---", "...", "!!int ", "%YAML 1.1\n", "\n  ", "\n- ", ": "),
        *('"\\U00110000"', "? ", "{a: &x [*x]}"),
    ]
)


def fits_one_line(fault: Fault) -> bool:
    return "\n" not in str(fault) and not CONTROL.search(str(fault))


def outcome(text: str) -> None:
    """Loads a text or refuses it with a file and a line; anything else is an error."""
    try:
        tree = loads(text, "f.yaml")
    except InputError as error:
        lines = len(text.splitlines()) + 1
        assert error.faults
        assert all(fault.file == "f.yaml" and 1 <= fault.line <= lines for fault in error.faults)
        assert all(map(fits_one_line, error.faults))
    else:
        assert isinstance(plain(tree), dict)


@given(
    st.lists(
        st.tuples(
            st.integers(0, len(SCENARIO)), st.integers(0, 12), st.text(max_size=3) | FRAGMENTS
        ),
        max_size=6,
    )
)
@settings(max_examples=300, deadline=None)
def test_any_mutation_of_a_scenario_loads_or_is_refused_with_file_and_line(
    edits: list[tuple[int, int, str]],
) -> None:
    text = SCENARIO
    for position, removed, inserted in edits:
        text = text[:position] + inserted + text[position + removed :]
    outcome(text)


@given(st.lists(FRAGMENTS | st.sampled_from(["a", "b", "1"]), max_size=20).map("".join))
@settings(max_examples=300, deadline=None)
@example("a: &x {b: &y *x}\nc: [*y]")
def test_any_heap_of_syntax_loads_or_is_refused_with_file_and_line(text: str) -> None:
    outcome(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "_LOADER", yaml.SafeLoader)
        outcome(text)


@given(st.binary(max_size=40))
@settings(max_examples=100, deadline=None)
def test_any_bytes_load_or_are_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes.yaml"
    path.write_bytes(data)
    try:
        load(path)
    except InputError as error:
        assert all(fault.file == str(path) and fault.line >= 1 for fault in error.faults)


@given(st.text(max_size=12), st.text(max_size=12) | FRAGMENTS)
@settings(max_examples=300, deadline=None)
@example("installed[99999999999999]", "1")
@example('"\\ud800"', "1")
def test_any_edit_is_made_or_refused_by_its_origin(path: str, text: str) -> None:
    tree = loads(SCENARIO, "f.yaml")
    try:
        edited = set_path(tree, path, text)
    except InputError as error:
        assert all((fault.file, fault.line) == ("--set", 0) for fault in error.faults)
        assert all(map(fits_one_line, error.faults))
    else:
        assert isinstance(plain(edited), dict)


# --- merge ---------------------------------------------------------------------------------------


def merged(base: str, over: str) -> object:
    return plain(merge(loads(base, "base"), loads(over, "over")))


def test_tables_merge_and_the_rest_is_replaced() -> None:
    base = "a: {b: {c: 1, d: 2}, e: [1, 2]}\nf: x\ng: {h: 1}"
    over = "a: {b: {c: 3}, e: [4]}\nf: {y: 1}\ng: z\ni: new"
    assert merged(base, over) == {
        **{"a": {"b": {"c": "3", "d": "2"}, "e": ["4"]}},
        **{"f": {"y": "1"}, "g": "z", "i": "new"},
    }


def test_null_deletes_what_is_inherited_and_only_that() -> None:
    assert merged("a: {b: 1, c: 2}\nd: {e: 1}", "a: {b: }\nd: ~") == {"a": {"c": "2"}}
    assert merged("a: 1", "misspelt:") == {"a": "1", "misspelt": None}


def test_quoted_null_is_text_and_deletes_nothing() -> None:
    assert merged("a: 1", "a: 'null'") == {"a": "null"}


def test_a_number_is_replaced_whole() -> None:
    measured = "n: {value: 5 W, source: a test, confidence: measured}"
    assert merged(measured, "n: {value: 6 W}") == {"n": {"value": "6 W"}}
    assert merged(measured, "n: {unit: W}") == {"n": {"unit": "W"}}
    assert merged("n: {series: {2024-01: 1}}", "n: {low: 1, base: 2, high: 3}") == {
        "n": {"low": "1", "base": "2", "high": "3"}
    }


def test_a_distribution_is_replaced_whole_and_a_programme_of_its_name_is_not() -> None:
    assert merged("n: {uniform: {least: 1, most: 2}, source: a}", "n: {value: 3}") == {
        "n": {"value": "3"}
    }
    discrete = "n: {discrete: [{value: 1, weight: 1}]}"
    assert merged("n: {value: 3, source: a}", discrete) == {
        "n": {"discrete": [{"value": "1", "weight": "1"}]}
    }
    assert merged("p: {beta: {vehicle: v}, gamma: {vehicle: w}}", "p: {beta: {hours: 2}}") == {
        "p": {"beta": {"vehicle": "v", "hours": "2"}, "gamma": {"vehicle": "w"}}
    }


def test_entries_keep_the_file_that_they_come_from() -> None:
    tree = merge(loads("a:\n  b: 1\n  c: 2", "base"), loads("\n\na:\n  c: 3", "over"))
    assert locate(tree, ("a", "b")) == ("base", 2, "a.b")
    assert locate(tree, ("a", "c")) == ("over", 4, "a.c")
    assert locate(tree, ("a", "b"), at_key=True) == ("base", 2, "a.b")


# --- extends -------------------------------------------------------------------------------------


def write(folder: Path, **texts: str) -> None:
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")


def test_extends_overlays_in_order_and_goes_away(tmp_path: Path) -> None:
    write(tmp_path / "roots", first="a: 1\nb: 1\nc: 1\nd: 1", second="b: 2\nc: 2\nd: 2")
    write(tmp_path / "own", middle="extends: second.yaml\nc: 3\nd: 3")
    write(tmp_path / "own", top="extends: [first.yaml, middle.yaml]\nd:\ne: 4")
    tree = resolve(tmp_path / "own/top.yaml", [tmp_path / "roots"], "own/top.yaml")
    assert plain(tree) == {"a": "1", "b": "2", "c": "3", "e": "4"}
    assert locate(tree, ("c",)) == ("own/middle.yaml", 2, "c")
    assert locate(tree, ("b",))[0] == str(tmp_path / "roots/second.yaml")


def test_an_entry_may_be_like_another_of_its_table(tmp_path: Path) -> None:
    write(tmp_path, low="cars:\n  a: {x: 1, y: {low: 1, high: 2}}\n  b: {x: 5}")
    write(
        tmp_path,
        top="extends: low.yaml\ncars:\n  a: null\n  c: {like: a, z: 3}\n  d: {like: c, x: 4, y: null}\n"
        "  b: {w: 6}\n  e: {like: b}",
    )
    tree = resolve(tmp_path / "top.yaml", (), "top.yaml")
    assert plain(tree) == {
        "cars": {
            "b": {"x": "5", "w": "6"},
            "c": {"x": "1", "y": {"low": "1", "high": "2"}, "z": "3"},
            "d": {"x": "4", "z": "3"},
            "e": {"x": "5", "w": "6"},
        }
    }
    assert locate(tree, ("cars", "d", "x")) == ("top.yaml", 5, "cars.d.x")
    assert locate(tree, ("cars", "d", "z")) == ("top.yaml", 4, "cars.d.z")
    assert locate(tree, ("cars", "c", "x"))[1] == 2


def test_a_file_that_extends_none_may_have_entries_alike(tmp_path: Path) -> None:
    write(tmp_path, top="cars: {b: {like: a, y: 2}, a: {x: 1}}")
    assert plain(resolve(tmp_path / "top.yaml")) == {
        "cars": {"a": {"x": "1"}, "b": {"x": "1", "y": "2"}}
    }


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ("b: {like: ab}\n  a: {x: 1}", 'no entry "ab" in cars that has entries; nearest: a'),
        ("b: {like: c}\n  c: {like: b}", "like runs in a circle: "),
        ("b: {like: b}", "like runs in a circle: b > b"),
        ("b: {like: [a]}", "found a list"),
        (
            "b: {like: a}\n  a: 1",
            'no entry "a" in cars that has entries; it has no other with entries',
        ),
        (
            "b: {like: a}\n  a: 1\n  ab: {x: 1}",
            'no entry "a" in cars that has entries; nearest: ab',
        ),
    ],
)
def test_like_names_an_entry_with_entries(tmp_path: Path, entries: str, said: str) -> None:
    write(tmp_path, top=f"cars:\n  {entries}")
    with pytest.raises(InputError) as caught:
        resolve(tmp_path / "top.yaml")
    fault = only_fault(caught)
    assert fault.path.endswith(".like") and said in fault.message


def test_a_null_beside_like_deletes_from_the_entry_of_the_same_name_too(tmp_path: Path) -> None:
    write(tmp_path, low="cars:\n  a: {x: 1, y: 1}\n  b: {y: 2, z: 2}\n  c: {z: 3}")
    write(tmp_path, top="extends: low.yaml\ncars: {a: {like: b, y: null, z: 4}, c: {like: b}}")
    found = plain(resolve(tmp_path / "top.yaml"))["cars"]
    assert isinstance(found, dict)
    assert list(found.items()) == [
        ("a", {"x": "1", "z": "4"}),
        ("b", {"y": "2", "z": "2"}),
        ("c", {"z": "2", "y": "2"}),
    ]


def test_where_a_null_is_a_value_it_is_one_beside_like(tmp_path: Path) -> None:
    write(tmp_path, top="cars: {a: {x: 1}, b: {like: a, x: null}}")
    assert plain(resolve(tmp_path / "top.yaml", deletes=False)) == {
        "cars": {"a": {"x": "1"}, "b": {"x": None}}
    }


@pytest.mark.parametrize("downwards", [True, False])
def test_a_chain_of_like_has_an_end(tmp_path: Path, downwards: bool) -> None:
    def chain(links: int) -> str:
        lines = [f"  c{i}: {{like: c{i + 1}}}" for i in range(links)]
        return "\n".join(["cars:", *(lines if downwards else lines[::-1]), f"  c{links}: {{x: 1}}"])

    write(tmp_path, top=chain(20), long=chain(2000))
    cars = plain(resolve(tmp_path / "top.yaml"))["cars"]
    assert isinstance(cars, dict) and cars["c0"] == {"x": "1"}
    with pytest.raises(InputError) as caught:
        resolve(tmp_path / "long.yaml")
    assert only_fault(caught).message == "like is a chain of more than 20 entries"


def test_like_does_not_make_a_file_larger_than_it_may_be(tmp_path: Path) -> None:
    many = ", ".join(f"k{i}: {i}" for i in range(1000))
    alike = "\n".join(f"  c{i}: {{like: big}}" for i in range(200))
    write(tmp_path, top=f"cars:\n  big: {{{many}}}\n{alike}")
    with pytest.raises(InputError) as caught:
        resolve(tmp_path / "top.yaml")
    assert "more than 100,000 values, those of `like` included" in only_fault(caught).message


def test_a_top_level_key_that_looks_like_a_number_does_not_stop_extends(tmp_path: Path) -> None:
    write(tmp_path, low="a: 1\nbase: x", top="extends: low.yaml\nseries: y")
    assert plain(resolve(tmp_path / "top.yaml")) == {"a": "1", "base": "x", "series": "y"}


def test_a_file_beside_may_be_laid_over_one_of_its_name_in_a_root(tmp_path: Path) -> None:
    """As an overlay of a profile is over the shipped one, also where another profile extends it."""
    write(tmp_path / "root", same="a: root\nb: root")
    write(tmp_path / "own", same="a: own", top="extends: same.yaml")
    path, roots = tmp_path / "own/top.yaml", [tmp_path / "root"]
    assert plain(resolve(path, roots, layered=True)) == {"a": "own", "b": "root"}


def test_a_file_beside_comes_before_one_in_a_root(tmp_path: Path) -> None:
    write(tmp_path / "root", same="a: root")
    write(tmp_path / "own", same="a: own", top="extends: same.yaml")
    assert plain(resolve(tmp_path / "own/top.yaml", [tmp_path / "root"])) == {"a": "own"}


def test_a_diamond_is_no_circle(tmp_path: Path) -> None:
    write(tmp_path, base="a: 1", left="extends: base.yaml\nb: 1", right="extends: base.yaml\nc: 1")
    write(tmp_path, top="extends: [left.yaml, right.yaml]")
    assert plain(resolve(tmp_path / "top.yaml")) == {"a": "1", "b": "1", "c": "1"}


@pytest.mark.parametrize("name", ["../secret.yaml", "sub/../../secret.yaml", "link.yaml"])
def test_extends_stays_inside_its_roots(tmp_path: Path, name: str) -> None:
    write(tmp_path, secret="a: 1")
    write(tmp_path / "own", top=f"b: 1\nextends: {name}")
    (tmp_path / "own/link.yaml").symlink_to(tmp_path / "secret.yaml")
    with pytest.raises(InputError) as caught:
        resolve(tmp_path / "own/top.yaml", display="top.yaml")
    fault = only_fault(caught)
    assert (fault.file, fault.line, fault.path) == ("top.yaml", 2, "extends")
    assert "leads outside" in fault.message


def test_extends_refuses_an_absolute_path_outside_and_does_not_say_what_is_there(
    tmp_path: Path,
) -> None:
    write(tmp_path, there="a: 1")
    for name in ("there", "absent"):
        write(tmp_path / "own", top=f"extends: {tmp_path}/{name}.yaml")
        with pytest.raises(InputError, match="leads outside"):
            resolve(tmp_path / "own/top.yaml")


def test_extends_may_climb_within_a_root(tmp_path: Path) -> None:
    write(tmp_path, base="a: 1")
    write(tmp_path / "own", top="extends: ../base.yaml")
    assert plain(resolve(tmp_path / "own/top.yaml", [tmp_path])) == {"a": "1"}


def test_a_circle_names_its_chain(tmp_path: Path) -> None:
    write(tmp_path, a="extends: b.yaml", b="x: 1\nextends: [c.yaml]", c="extends: b.yaml")
    with pytest.raises(InputError) as caught:
        resolve(tmp_path / "a.yaml", display="a.yaml")
    fault = only_fault(caught)
    assert (fault.file, fault.line) == ("c.yaml", 1)
    assert fault.message == "extends runs in a circle: b.yaml > c.yaml > b.yaml"
    write(tmp_path, a="extends: a.yaml")
    with pytest.raises(InputError, match=r"circle: a\.yaml > a\.yaml"):
        resolve(tmp_path / "a.yaml", display="a.yaml")


def test_a_long_chain_is_refused(tmp_path: Path) -> None:
    write(tmp_path, **{f"f{i}": f"extends: f{i + 1}.yaml" for i in range(30)}, f30="a: 1")
    assert plain(resolve(tmp_path / "f11.yaml")) == {"a": "1"}
    with pytest.raises(InputError, match="chain of more than 20"):
        resolve(tmp_path / "f0.yaml")


def test_a_missing_parent_names_the_nearest_file(tmp_path: Path) -> None:
    write(tmp_path / "root", baseline="a: 1")
    write(tmp_path / "own", top="extends: basline.yaml")
    with pytest.raises(InputError) as caught:
        resolve(tmp_path / "own/top.yaml", [tmp_path / "root"])
    assert 'no file "basline.yaml"' in only_fault(caught).message
    assert only_fault(caught).message.endswith("nearest: baseline.yaml")


def test_faults_of_all_parents_come_at_once(tmp_path: Path) -> None:
    write(tmp_path, left="a: !x 1", right="b: [", top="extends: [left.yaml, right.yaml, no.yaml]")
    with pytest.raises(InputError) as caught:
        resolve(tmp_path / "top.yaml", display="top.yaml")
    assert [(fault.file, fault.path) for fault in caught.value.faults] == [
        ("left.yaml", "a"),
        ("right.yaml", ""),
        ("top.yaml", "extends[2]"),
    ]


@pytest.mark.parametrize("value", ["", "[]", "{a: b}", "[a.yaml, [b.yaml]]", "''"])
def test_extends_is_a_name_or_a_list_of_names(tmp_path: Path, value: str) -> None:
    write(tmp_path, a="x: 1", top=f"extends: {value}")
    with pytest.raises(InputError, match="expected a file name or a list of file names"):
        resolve(tmp_path / "top.yaml")


@pytest.mark.parametrize("name", [".", "loop.yaml", "x" * 5000, "pipe.yaml"])
def test_extends_reads_nothing_but_files(tmp_path: Path, name: str) -> None:
    write(tmp_path / "own", top=f"extends: {name}")
    (tmp_path / "own/loop.yaml").symlink_to(tmp_path / "own/loop.yaml")
    os.mkfifo(tmp_path / "own/pipe.yaml")
    with pytest.raises(InputError, match="there is no file"):
        resolve(tmp_path / "own/top.yaml")


# --- set_path ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("programs.model_n.daily_hours", "2 hour", "2 hour"),
        ("programs.model_n.regions", "[SE, NO]", ["SE", "NO"]),
        ("programs.model_n.regions[1]", "1:30", "1:30"),
        ('programs."v1.5".daily_hours', "{low: 1, base: 2}", {"low": "1", "base": "2"}),
        ("installed[1].count", " 24 ", "24"),
        ("growth.series.2025-12", "7 %", "7 %"),
        ("growth.series.2026-12", "9 %", "9 %"),
        ("programs.model_n.daily_hours.value", "3 hour", "3 hour"),
        ("programs.model_n.note", "a: b, c # d", "a: b, c # d"),
        ("programs.model_n.note", "'null'", "null"),
        ("installed[0]", "{site: west}", {"site": "west"}),
        ("fresh", "x", "x"),
    ],
)
def test_set_replaces_or_adds_one_entry(path: str, text: str, expected: object) -> None:
    before = loads(SCENARIO, "f.yaml")
    after = set_path(before, path, text)
    steps = _parse_path(path, "")
    value: object = plain(after)
    for step in steps:
        value = value[step]  # type: ignore[index]
    assert value == expected
    assert locate(after, steps) == ("--set", 0, path)
    assert plain(before) == plain(loads(SCENARIO, "f.yaml"))


def test_set_replaces_a_number_whole_and_leaves_the_rest_alone() -> None:
    before, after = loads(SCENARIO, "f"), loads(SCENARIO, "f")
    after = set_path(after, "programs.model_n.daily_hours", "2 hour", "--set 1")
    assert locate(after, ("programs", "model_n", "daily_hours"))[:2] == ("--set 1", 0)
    assert locate(after, ("programs", "model_n", "regions", 0)) == (
        *("f", 5, "programs.model_n.regions[0]"),
    )
    assert plain(set_path(after, "programs", "x")) == plain(set_path(before, "programs", "x"))


def test_set_to_null_removes_the_entry() -> None:
    tree = loads("a: {b: 1, c: 2}\nd: [1, 2]", "f")
    assert plain(set_path(tree, "a.b", "null")) == {"a": {"c": "2"}, "d": ["1", "2"]}
    assert plain(set_path(tree, "d[0]", "~")) == {"a": {"b": "1", "c": "2"}, "d": ["2"]}


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("programs.modle_n.daily_hours", "1", 'programs is a table without an entry "modle_n"'),
        ("programs.modle_n.daily_hours", "1", "nearest: model_n"),
        ("program.model_n.daily_hours", "1", "nearest: programs"),
        ("programs.v1.5.daily_hours", "1", 'nearest: "v1.5"'),
        ("programs.model_m", "null", "nearest: model_n"),
        ('programs."v1.5".daily_hours.low', "1", 'the text "2 hour" without an entry "low"'),
        ("installed.count", "1", "its items are [0] to [1]"),
        ("installed[2].count", "1", "its items are [0] to [1]"),
        ("installed[2]", "1", "its items are [0] to [1]"),
        ("programs[0]", "1", "programs is a table without an item [0]"),
        ("nothing.x", "1", "nothing is nothing"),
        ("programs..x", "1", "is not a path"),
        ("", "1", "is not a path"),
        ("[0]", "1", "is not a path"),
        (".a", "1", "is not a path"),
        ("a]", "1", "is not a path"),
        ("installed[-1]", "1", "is not a path"),
        ("fresh", "", "no value after the ="),
        ("fresh", "{a: 1", "expected ',' or '}'"),
        ("fresh", "{a: 1, a: 2}", '"a" is already given; keep one'),
        ("fresh", "[!!int 1]", "tag"),
        ("fresh", "\x1b[2J", "control character U+001B"),
    ],
)
def test_set_refuses_with_the_nearest_valid_thing(path: str, text: str, expected: str) -> None:
    with pytest.raises(InputError) as caught:
        set_path(loads(SCENARIO, "f.yaml"), path, text)
    fault = only_fault(caught)
    assert (fault.file, fault.line) == ("--set", 0)
    assert expected in fault.message


# --- locate --------------------------------------------------------------------------------------


class Program(BaseModel):
    model_config = ConfigDict(extra="forbid")

    hours: float | list[float]
    share: float = 0.0


class Scenario(BaseModel):
    model_config = ConfigDict(extra="forbid")

    programs: dict[str, Program]


def test_pydantic_errors_are_traced_to_their_lines() -> None:
    tree = loads(
        "programs:\n  a:\n    hours:\n      - x\n    sahre:\n      1\n  b:\n    share: 1", "f"
    )
    with pytest.raises(ValidationError) as caught:
        Scenario.model_validate(plain(tree))
    places = {
        error["type"]: locate(tree, error["loc"], at_key=error["type"] == "extra_forbidden")
        for error in caught.value.errors()
    }
    assert places == {
        "float_type": ("f", 4, "programs.a.hours"),
        "float_parsing": ("f", 4, "programs.a.hours[0]"),
        "extra_forbidden": ("f", 5, "programs.a.sahre"),
        "missing": ("f", 8, "programs.b"),
    }


def test_locate_gives_the_value_or_the_key() -> None:
    tree = loads("a:\n  b:\n    long", "f")
    assert locate(tree, ("a", "b")) == ("f", 3, "a.b")
    assert locate(tree, ("a", "b"), at_key=True) == ("f", 2, "a.b")
    assert locate(tree, ("a", "b", "[key]")) == ("f", 2, "a.b")
    assert locate(tree, ()) == ("f", 1, "")


@given(
    st.lists(
        st.integers(0, 999) | st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1),
        min_size=1,
        max_size=5,
    ).filter(lambda steps: isinstance(steps[0], str) and "<<" not in steps)
)
@settings(max_examples=100, deadline=None)
def test_a_path_that_is_printed_can_be_typed(steps: list[str | int]) -> None:
    assert _parse_path(dotted(steps), "--set") == tuple(steps)
