"""YAML files that people write: UTF-8, not too deep, no key twice in a mapping."""

from __future__ import annotations

from typing import Any

import yaml

from clients.common.file_error import shown

MAX_DEPTH = 32
"""How many lists and mappings may stand in one another."""


class BadYaml(ValueError):
    """A file can't be used; the text goes on from its name ("is not …"), with the line and the way out."""


class TooDeep(yaml.MarkedYAMLError):
    """A file is nested deeper than `MAX_DEPTH`; the mark says where."""


class BoundedLoader(yaml.SafeLoader):
    """YAML that is refused where it is nested too deeply, before the interpreter's own stack ends."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """The next node; PyYAML calls this for what is in it, too."""
        if self._depth > MAX_DEPTH:
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]  # PyYAML has no types
            raise TooDeep(problem=f"nested deeper than {MAX_DEPTH}", problem_mark=mark)
        self._depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1


class _RepeatedKey(yaml.MarkedYAMLError):
    pass


class _StrictLoader(BoundedLoader):
    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if (key.tag, key.value) in seen:
                raise _RepeatedKey(problem=shown(key.value), problem_mark=key.start_mark)
            seen.add((key.tag, key.value))
        return node


def read_yaml(text: bytes | str) -> Any:
    """The value of a file, None for an empty one. Raises: BadYaml."""
    try:
        decoded = text.decode("utf-8-sig") if isinstance(text, bytes) else text
    except UnicodeDecodeError as error:
        raise BadYaml("is not UTF-8 text: save it as UTF-8") from error
    try:
        return yaml.load(decoded, _StrictLoader)  # noqa: S506 - a safe loader
    except TooDeep as error:
        raise BadYaml(f"is {error.problem}{_place(error)}: make it simpler") from error
    except _RepeatedKey as error:
        raise BadYaml(f"has the key {error.problem} twice{_place(error)}: keep one of them") from error
    except yaml.MarkedYAMLError as error:
        raise BadYaml(f"is not YAML: {error.problem or error.context}{_place(error)}: correct it there") from error
    except (yaml.YAMLError, ValueError) as error:  # ValueError: such as the 31st of February
        raise BadYaml(f"is not YAML: {' '.join(str(error).split())}: correct it") from error


def _place(error: yaml.MarkedYAMLError) -> str:
    """Where a fault is; no line of the file is shown, as it may hold a passphrase."""
    mark = error.problem_mark or error.context_mark
    return f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""
