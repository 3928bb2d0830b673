"""Files: UTF-8 in every format, and YAML 1.2 read as plain values alone."""

import re
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authz import DiagnosticError, load_bundle
from authz.documents.files import read_document
from authz.documents.json import parse_json_bytes
from authz.documents.yaml import load_yaml
from authz.verify.scenario_files import read_scenario_file
from tests.support.messages import message_of
from tests.support.paths import AUTHZEN

NESTED = "nested deeper than 100"

FILES: dict[str, tuple[bytes, str]] = {
    "a byte order mark": (b"\xef\xbb\xbf{}", "begins with a byte order mark\nhelp: save it as UTF-8 without one"),
    "another encoding": (b'{"a": "\xff"}', "not UTF-8: byte 8 is out of place"),
    "half a character": (b'"\xc3', "not UTF-8: byte 2 is out of place"),
    "a surrogate in UTF-8": (b'"\xed\xa0\x80"', "not UTF-8: byte 2 is out of place"),
}


@pytest.mark.parametrize("ending", ["json", "yaml", "toml"])
@pytest.mark.parametrize("name", FILES)
def test_a_file_is_utf_8(tmp_path: Path, name: str, ending: str) -> None:
    content, message = FILES[name]
    path = tmp_path / f"facts.{ending}"
    path.write_bytes(content)
    with pytest.raises(DiagnosticError) as refused:
        read_document(path, "f")
    assert message_of(refused.value) == f"f: {message}"


SCALARS = st.one_of(
    st.text(alphabet="0123456789_+-.xobeEabfAF:", min_size=1, max_size=8),
    st.sampled_from(
        ["true", "True", "no", "on", "y", "null", "Null", "~", ".inf", "-.INF", ".NaN", "+.nan", "=", "2025-03-10"]
    ),
)


def core_value(text: str) -> object:
    """A plain scalar by the tables of the core schema, section 10.3.2 of YAML 1.2.2."""
    if re.fullmatch(r"null|Null|NULL|~", text):
        return None
    if re.fullmatch(r"true|True|TRUE|false|False|FALSE", text):
        return text.lower() == "true"
    for form, base in ((r"[-+]?\d+", 10), (r"0o[0-7]+", 8), (r"0x[\da-fA-F]+", 16)):
        if re.fullmatch(form, text):
            return int(text, base)
    if re.fullmatch(r"[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?", text):
        return float(text)
    return text


@given(SCALARS)
@settings(max_examples=300)
def test_a_plain_scalar_of_yaml_has_the_type_of_the_core_schema(text: str) -> None:
    try:
        (value,) = load_yaml(f"- {text}\n", "f")
    except DiagnosticError:
        assert re.match(r"[-:]", text)  # an indicator of YAML
        return
    expected = core_value(text)
    if re.fullmatch(r"[-+]?\.inf|\.nan", text.lower()):
        assert isinstance(value, str) == (text == "+.nan")
    elif not isinstance(value, dict | list):
        assert (type(value), value) == (type(expected), expected)


@pytest.mark.parametrize("name", ["access.polar", "bundle.toml", "vocabulary.toml", "reasons.toml"])
def test_a_byte_order_mark_is_refused_in_every_file_of_a_bundle(tmp_path: Path, name: str) -> None:
    folder = shutil.copytree(AUTHZEN, tmp_path / "bundle")
    (folder / name).write_bytes(b"\xef\xbb\xbf" + (folder / name).read_bytes())
    with pytest.raises(DiagnosticError) as refused:
        load_bundle(folder)
    assert [diagnostic.code for diagnostic in refused.value.diagnostics] == ["byte-order-mark"]


@pytest.mark.parametrize("ending", ["json", "yaml", "yml"])
def test_a_byte_order_mark_is_refused_in_scenarios_and_requests(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"scenarios.{ending}"
    path.write_bytes(b'\xef\xbb\xbf{"scenarios": []}')
    with pytest.raises(DiagnosticError, match="begins with a byte order mark"):
        read_scenario_file(path)
    with pytest.raises(DiagnosticError, match="begins with a byte order mark"):
        parse_json_bytes(path.read_bytes(), "request")


YAML: dict[str, tuple[str, object]] = {
    "words that were booleans once": ("a: no\nb: on\nc: yes\nd: off", {"a": "no", "b": "on", "c": "yes", "d": "off"}),
    "true and false": ("a: true\nb: false", {"a": True, "b": False}),
    "nothing": ("a: null\nb: ~\nc:", {"a": None, "b": None, "c": None}),
    "a time": ("a: 2025-03-10\nb: 2025-03-10T12:00:00Z", {"a": "2025-03-10", "b": "2025-03-10T12:00:00Z"}),
    "a time as a key": ("2025-03-10: a", {"2025-03-10": "a"}),
    "sexagesimals": ("a: 12:30:45", {"a": "12:30:45"}),
    "a leading zero": ("a: 017\nb: 0o17", {"a": 17, "b": 15}),
    "integers": ("a: [0, -1, +12, 0x1F, 0o17, 007]", {"a": [0, -1, 12, 31, 15, 7]}),
    "integers of YAML 1.1 are texts": (
        "a: [1_000, 0_1, 0b11, -0x1F, -0o17, 0x_1, _, 1_, 0o8, 190:20:30]",
        {"a": ["1_000", "0_1", "0b11", "-0x1F", "-0o17", "0x_1", "_", "1_", "0o8", "190:20:30"]},
    ),
    "floats": ("a: [1.5, .5, -2., 1e3, 1.5E-1]", {"a": [1.5, 0.5, -2.0, 1000.0, 0.15]}),
    "floats of YAML 1.1 are texts": ("a: [1_0.5, 1e, ., 1.5.5]", {"a": ["1_0.5", "1e", ".", "1.5.5"]}),
    "quoted numbers": ("a: ['1', \"2\"]", {"a": ["1", "2"]}),
    "an integer by its tag": ("a: !!int 12\nb: !!float 1\nc: !!str 1", {"a": 12, "b": 1.0, "c": "1"}),
    "an alias": ("a: &x [1]\nb: *x", {"a": [1], "b": [1]}),
    "an equals sign": ("a: =", {"a": "="}),
    "an empty text": ("", None),
    "Windows's line ends": ("a: 1\r\nb: 2\r\n", {"a": 1, "b": 2}),
}

NO_YAML: dict[str, tuple[str, str]] = {
    "a key twice": ("a: 1\na: 2", "f: a: this key stands here twice"),
    "a key twice, deep down": ("a: [{b: 1, b: 2}]", "f: a[0].b: this key stands here twice"),
    "a number as key": ("1: a", "f: the key `1` is not a string"),
    "a list as key": ("? [1]\n: a", "f:1:1: not YAML: this is no `map`\n    1 | ? [1]\n      | ^"),
    "no number": ("a: .nan", "f: a: `nan` is not a JSON number"),
    "an unknown alias": ("a: *x", "f:1:4: not YAML: found undefined alias 'x'\n    1 | a: *x\n      |    ^"),
    "an alias of itself": (
        "a: &x {a: *x}",
        "f:1:4: not YAML: an alias stands inside what it names\n    1 | a: &x {a: *x}\n      |    ^",
    ),
    "merged keys": ("<<: {a: 1}", "f:1:1: not YAML: the tag `merge` is not known here\n    1 | <<: {a: 1}\n      | ^"),
    "an object of Python's": (
        "a: !!python/name:os.system x",
        "f:1:4: not YAML: the tag `python/name:os.system` is not known here\n"
        "    1 | a: !!python/name:os.system x\n      |    ^",
    ),
    "a set": ("a: !!set {x}", "f:1:4: not YAML: the tag `set` is not known here\n    1 | a: !!set {x}\n      |    ^"),
    "an integer of YAML 1.1 by its tag": (
        "a: !!int 1_000",
        "f:1:4: not YAML: this is no `int`\n    1 | a: !!int 1_000\n      |    ^",
    ),
    "no boolean": ("a: !!bool x", "f:1:4: not YAML: this is no `bool`\n    1 | a: !!bool x\n      |    ^"),
    "another version": (
        "%YAML 1.1\n---\na: no",
        "f: not YAML 1.2: another version reads `no` as false\nhelp: drop the `%YAML` line",
    ),
    "two documents": ("--- 1\n--- 2", "f:2:1: not YAML: but found another document\n    2 | --- 2\n      | ^"),
    "half a pair": ('a: "\\ud800"', "f: a: half a surrogate pair is no text"),
    "lists without end": ("[" * 5000, f"f: {NESTED}"),
    "aliases without end": (
        "".join(f"- &a{i} [{', '.join(['x' if i == 0 else f'*a{i - 1}'] * 9)}]\n" for i in range(12)),
        "f: its aliases expand to more than 1000000 values",
    ),
}


@pytest.mark.parametrize("name", YAML)
def test_yaml_is_of_version_1_2(tmp_path: Path, name: str) -> None:
    text, expected = YAML[name]
    path = tmp_path / "facts.yaml"
    path.write_text(text, newline="")
    assert read_document(path, "f") == expected


@pytest.mark.parametrize("name", NO_YAML)
def test_yaml_that_two_readers_could_read_differently_is_refused(tmp_path: Path, name: str) -> None:
    text, message = NO_YAML[name]
    path = tmp_path / "facts.yml"
    path.write_text(text)
    with pytest.raises(DiagnosticError) as refused:
        read_document(path, "f")
    assert message_of(refused.value) == message
