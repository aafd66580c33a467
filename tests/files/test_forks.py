"""Forked processes: locks are free in them, and what the parent had begun is refused."""

import os

import pytest

from galsearch.core.errors import ForkedProcessError
from galsearch.files import forks
from galsearch.files.forks import ForkSafeLock, after_fork, begin

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no os.fork")


def in_child(function: object) -> str:
    """The text that a function returns in a forked process, which ends afterwards."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            text = function()  # type: ignore[operator]
        except BaseException as error:
            text = f"{type(error).__name__}: {error}"
        os.write(writing, text.encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as file:
        text = file.read()
    os.waitpid(child, 0)
    return text


def test_a_lock_that_the_parent_holds_is_free_in_a_forked_process() -> None:
    lock = ForkSafeLock()

    def take() -> str:
        with lock:
            return "taken"

    with lock:
        assert in_child(take) == "taken"


def test_what_the_parent_had_begun_is_refused_in_a_forked_process_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(forks, "_begun", set())
    assert in_child(lambda: begin("toys") or "begun") == "begun"
    begin("toys")
    begin("toys")

    def refused() -> str:
        with pytest.raises(ForkedProcessError) as caught:
            begin("toys")
        return str(caught.value).replace(str(os.getpid()), "PID")

    assert in_child(refused) == (
        "toys cannot be used in process PID, which was forked from a process that had used toys "
        "before: its threads and devices are not in a forked process."
    )


def test_functions_are_called_in_forked_processes_the_later_one_of_a_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(forks, "_after_fork", {})
    called: list[str] = []
    after_fork("toys", lambda: called.append("first"))
    after_fork("toys", lambda: called.append("second"))
    after_fork("games", lambda: called.append("third"))
    assert in_child(lambda: ", ".join(called)) == "second, third"
    assert called == []


def test_a_forked_process_begins_afresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """What happens in it can be called in this process as well."""
    lock, called = ForkSafeLock(), list[str]()
    monkeypatch.setattr(forks, "_begun", {"toys"})
    monkeypatch.setattr(forks, "_lost", set())
    monkeypatch.setattr(forks, "_after_fork", {"toys": lambda: called.append("called")})
    with lock:
        forks._in_child()
        with lock:
            pass
    assert called == ["called"]
    with pytest.raises(ForkedProcessError, match=r"^toys cannot be used in process "):
        begin("toys")
