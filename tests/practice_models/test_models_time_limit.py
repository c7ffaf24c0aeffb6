"""A time limit never cuts an import in two: the kernel could not use the module any more."""

from __future__ import annotations

import signal
import sys
import time

import pytest

from labchecks.ask.call import call

SLOW = "import time\nuntil = time.monotonic() + 1.2\nwhile time.monotonic() < until:\n    pass\n"

pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timer to stop a call")


@pytest.fixture
def slow_module(tmp_path, monkeypatch) -> str:
    (tmp_path / "slow_to_import.py").write_text(SLOW + "value = 5\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield "slow_to_import"
    sys.modules.pop("slow_to_import", None)


def test_slow_import_ends_and_the_call_goes_on(slow_module: str) -> None:
    def answer() -> int:
        return __import__(slow_module).value

    assert call(answer, 0.4) == (5, None)


def test_loop_after_a_slow_import_is_still_stopped(slow_module: str) -> None:
    def endless() -> None:
        __import__(slow_module)
        while True:
            pass

    before = time.monotonic()
    result, failure = call(endless, 0.4)
    assert result is None
    assert failure["kind"] == "timeout"
    assert sys.modules[slow_module].value == 5
    assert time.monotonic() - before < 20
