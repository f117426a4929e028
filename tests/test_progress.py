"""Progress is a bar on a terminal and plain lines everywhere else."""

from io import StringIO

from voice_coach.progress import BarProgress, LineProgress, NoProgress, Progress, progress_on


def _fetch(progress: Progress) -> None:
    progress.begin("Fetching something", 41_000_000)
    progress.advance(20_500_000)
    progress.advance(20_500_000)
    progress.note("Ready: [here]")


def test_a_pipe_gets_plain_lines() -> None:
    stream = StringIO()
    with progress_on(stream) as progress:
        assert isinstance(progress, LineProgress)
        _fetch(progress)
    assert stream.getvalue() == "Fetching something (41 MB)\nReady: [here]\n"


def test_a_terminal_gets_a_bar_that_fills() -> None:
    stream = StringIO()
    with BarProgress(stream) as progress:
        _fetch(progress)
    assert "Ready: [here]\n" in stream.getvalue()
    assert "41/41 MB" in stream.getvalue()


def test_a_slow_step_says_now_and_then_how_far_it_is() -> None:
    stream = StringIO()
    progress = LineProgress(stream, quiet_seconds=0)
    _fetch(progress)
    assert stream.getvalue().splitlines()[1:3] == ["Fetching something: 50 %", "Fetching something: 100 %"]


def test_nobody_listening_is_fine() -> None:
    _fetch(NoProgress())
