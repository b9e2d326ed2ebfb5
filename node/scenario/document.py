"""A YAML file as plain data, with the line of everything in it."""

from __future__ import annotations

import re
from typing import Any

import yaml

from clients.common.yaml_file import MAX_DEPTH, BoundedLoader, TooDeep
from node.messages.reading import Path
from node.scenario.problem import Problem, shown

MAX_VALUES = 200_000

_BOOL, _INT, _NULL = "tag:yaml.org,2002:bool", "tag:yaml.org,2002:int", "tag:yaml.org,2002:null"
_WHOLE_NUMBER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,39}|[1-9][0-9]{0,2}(?:_[0-9]{3}){1,12})\Z")


class _Loader(BoundedLoader):
    """YAML in which only true, false, null and decimal whole numbers are anything but text or collections."""


# PyYAML's YAML 1.1 would read `no` as false, 12:30 as a number and 2025-06-21 as a date.
_Loader.yaml_implicit_resolvers = {}
_Loader.add_implicit_resolver(_BOOL, re.compile(r"(?:true|false)\Z"), ["t", "f"])
_Loader.add_implicit_resolver(_INT, _WHOLE_NUMBER, list("-+0123456789"))
_Loader.add_implicit_resolver(_NULL, re.compile(r"(?:~|null|)\Z"), ["~", "n", ""])


class Document:
    """A file's data, and what is wrong with its YAML. ``data`` is {} when it can't be read at all."""

    def __init__(self, text: str) -> None:
        self.data: Any = {}
        self.problems: list[Problem] = []
        self._lines: dict[Path, int] = {(): 1}
        self._values = 0
        try:
            loader = _Loader(text)
            try:
                node = loader.get_single_node()
            finally:
                loader.dispose()
        except TooDeep as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            self.problems.append(Problem(line, "YAML", "", f"{error.problem}: make the file simpler"))
            return
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = mark.line + 1 if mark else 1
            self.problems.append(Problem(line, "YAML", "", f"{error.problem or error}; mend the syntax of this line"))
            return
        except yaml.YAMLError as error:
            self.problems.append(Problem(1, "YAML", "", f"{' '.join(str(error).split())}; give text in UTF-8"))
            return
        if node is None:
            self.problems.append(Problem(1, "file", "", "it is empty: give at least `blocks`"))
            return
        self.data = self._construct(loader, node, ())

    def line_of(self, path: Path) -> int:
        """The line of what is at ``path``, or of the nearest thing around it."""
        while path not in self._lines:
            path = path[:-1]
        return self._lines[path]

    def problem(self, path: Path, value: Any, way_out: str) -> Problem:
        """A problem with what is at ``path``."""
        text = "" if isinstance(value, dict | list) else shown(value)
        return Problem(self.line_of(path), dotted(path) or "file", text, way_out)

    def _construct(self, loader: _Loader, node: yaml.Node, path: Path) -> Any:
        line = node.start_mark.line + 1
        self._lines.setdefault(path, line)
        self._values += 1
        # An alias that contains itself, or many that multiply.
        if len(path) > MAX_DEPTH or self._values > MAX_VALUES:
            if self._values <= MAX_VALUES or self._values == MAX_VALUES + 1:
                way_out = f"nested deeper than {MAX_DEPTH} or more than {MAX_VALUES} values: make the file simpler"
                self.problems.append(Problem(line, dotted(path[:4]), "", way_out))
            return None
        if isinstance(node, yaml.MappingNode):
            return self._mapping(loader, node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self._construct(loader, item, (*path, index)) for index, item in enumerate(node.value)]
        return self._scalar(loader, node, path)

    def _mapping(self, loader: _Loader, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self.problems.append(Problem(line, dotted(path), "", "a key is no text: give a text"))
                continue
            key = key_node.value
            if key in values:
                way_out = "is there twice: keep one of the two"
                self.problems.append(Problem(line, dotted((*path, key)), "", way_out))
                continue
            self._lines[(*path, key)] = line
            values[key] = self._construct(loader, value_node, (*path, key))
        return values

    def _scalar(self, loader: _Loader, node: yaml.Node, path: Path) -> Any:
        if node.tag == _INT:
            return int(node.value.replace("_", ""))
        try:
            return loader.construct_object(node)
        except yaml.YAMLError:
            way_out = f"the tag {node.tag} is not known here: leave it out"
            self.problems.append(Problem(node.start_mark.line + 1, dotted(path), shown(node.value), way_out))
            return None


def dotted(path: Path) -> str:
    """A path as people read it: ``blocks[2].transactions[0].from``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.lstrip(".")
