"""Reads YAML safely, keeping for every text the file and line it came from, so that a mistake can be named."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from voice_coach.errors import PackError


class Located(str):
    """A text that knows where it stands. Equal to, and hashed like, the plain text."""

    file: str = ""
    line: int = 0

    @property
    def where(self) -> str:
        return f"{self.file}, line {self.line}"


def where(value: object) -> str:
    """File and line of a value read by `read_yaml`, or nothing for a value from elsewhere."""
    return value.where if isinstance(value, Located) else ""


# The same safe loader in C, five times as fast, where PyYAML was built with it.
_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_SafeLoader):  # type: ignore[misc]
    file = ""


def _text(loader: _Loader, node: yaml.ScalarNode) -> Located:
    text = Located(loader.construct_scalar(node))
    text.file, text.line = loader.file, node.start_mark.line + 1
    return text


def _bool(loader: _Loader, node: yaml.ScalarNode) -> object:
    # YAML 1.1 reads a bare yes, no, on, off as a truth value; in a list of sentences that is never meant.
    if str(node.value).lower() in ("true", "false"):
        return loader.construct_yaml_bool(node)
    raise PackError(
        f"{loader.file}, line {node.start_mark.line + 1}: a bare {node.value} is a truth value in YAML, not the word.",
        f'Put quotes around it: "{node.value}".',
    )


def _mapping(loader: _Loader, node: yaml.MappingNode) -> Iterator[dict[Any, Any]]:
    # YAML's own rule, which PyYAML does not enforce: what stands under the first of two equal keys would be lost.
    seen: set[str] = set()
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
            if key.value in seen:
                raise PackError(
                    f"{loader.file}, line {key.start_mark.line + 1}: “{key.value}” is there a second time.",
                    "Put what belongs under it into one place, or rename one of the two.",
                )
            seen.add(key.value)
    yield from loader.construct_yaml_map(node)


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
_Loader.add_constructor("tag:yaml.org,2002:str", _text)
_Loader.add_constructor("tag:yaml.org,2002:bool", _bool)


def read_yaml(path: Path) -> Any:
    """The contents of one file. Raises PackError with file and line when it cannot be read or is not YAML."""
    try:
        loader = _Loader(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PackError(f"{path} cannot be read: {error.strerror}.", "Check the path and its permissions.") from None
    except UnicodeDecodeError:
        raise PackError(f"{path} is not UTF-8 text.", "Save it as UTF-8.") from None
    except yaml.YAMLError as error:
        raise _broken(path, error) from None
    loader.file = str(path)
    try:
        return loader.get_single_data()
    except yaml.YAMLError as error:
        raise _broken(path, error) from None
    except (ValueError, AttributeError) as error:  # what looks like a date or a number and is none: 2026-13-45
        raise PackError(f"{path} has a value that cannot be read: {error}.", "Put quotes around it.") from None
    except RecursionError:
        raise PackError(f"{path} is nested too deeply.", "Make it flatter.") from None
    finally:
        loader.dispose()


def _broken(path: Path, error: yaml.YAMLError) -> PackError:
    mark = getattr(error, "problem_mark", None)
    line = f", line {mark.line + 1}" if mark else ""
    problem = getattr(error, "problem", None) or "it is not YAML"
    return PackError(f"{path}{line}: {problem}.", "Mend that line; indentation and quotes are the usual causes.")
