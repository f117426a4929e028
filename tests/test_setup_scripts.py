"""What the set-up scripts do where something is in the way: one step is named, nothing half-made is left."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[1]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A clone on a machine that has the system packages, in a folder whose name has a space."""
    copy = tmp_path / "my coach"
    shutil.copytree(TOP / "scripts", copy / "scripts")
    shutil.copy(TOP / "pyproject.toml", copy)
    return copy


def coach(checkout: Path) -> "subprocess.Popen[str]":
    """`scripts/coach --help` where pip can reach nothing."""
    environment = {**os.environ, "PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(checkout)}
    command = [str(checkout / "scripts/coach"), "--help"]
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_an_environment_of_ones_own_is_not_touched(checkout: Path) -> None:
    (checkout / ".venv").mkdir()
    (checkout / ".venv/mine").touch()
    with coach(checkout) as process:
        _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert said.splitlines()[0] == f"{checkout / '.venv'} was not made by this script."
    assert (checkout / ".venv/mine").exists()


def test_a_half_made_environment_is_made_again_and_a_failing_step_is_named(checkout: Path) -> None:
    (checkout / ".venv/bin").mkdir(parents=True)
    (checkout / ".venv/.voice-coach").write_text("incomplete\n")
    (checkout / ".venv/bin/voice-coach").write_text("#!/bin/sh\necho half made\n")
    (checkout / ".venv/bin/voice-coach").chmod(0o755)
    with coach(checkout) as process:
        out, said = process.communicate(timeout=120)
    assert process.returncode == 1
    assert out == ""
    first, second, failed, *reasons, remedy = said.splitlines()
    assert (first, second) == ("Making the Python environment", "Installing Voice Coach and its libraries")
    assert failed == f"This step failed: {second}"
    assert any(reason.startswith("  | ERROR: No matching distribution") for reason in reasons)
    assert remedy.startswith("Check the network")
    assert not (checkout / ".venv").exists()


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_set_up_leaves_nothing(checkout: Path, number: signal.Signals, status: int) -> None:
    with coach(checkout) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "Making the Python environment\n"
        process.send_signal(number)
        _, said = process.communicate(timeout=60)
    assert process.returncode == status
    assert said == "Set-up was interrupted. Run the same command again to finish it.\n"
    assert not (checkout / ".venv").exists()


def test_a_ready_environment_is_used_without_a_word(checkout: Path) -> None:
    program = checkout / ".venv/bin/voice-coach"
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/sh\nprintf "%s|" "$@"\n')
    program.chmod(0o755)
    stamp = f'top="{checkout}"; . "$top/scripts/setup-common.sh"; stamp ready-coach'
    subprocess.run(["bash", "-c", stamp], check=True)
    run = subprocess.run(
        [checkout / "scripts/coach", "chat", "two words", ""], capture_output=True, text=True, check=True, cwd="/"
    )
    assert (run.stdout, run.stderr) == ("chat|two words||", "")
    (checkout / "pyproject.toml").write_text("[project]\n")
    with coach(checkout) as process:
        _, said = process.communicate(timeout=120)
    assert said.startswith(f"{checkout / '.venv'} was not made by this script."), "a changed project was not noticed"
