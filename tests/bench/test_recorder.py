"""What the recorder records is what callers did."""

from __future__ import annotations

from http.client import HTTPConnection

import pytest

from bench.recorder import recording


@pytest.mark.timeout(30)
def test_calls_are_recorded_in_the_order_of_their_arrival():
    """By kind; a slow one is answered after its time."""
    with recording() as recorder:
        connection = HTTPConnection("127.0.0.1", recorder.port)
        for path in ("/now/run/1", "/slow/0.2/run", "/now/run/2"):
            connection.request("POST", path, body=b'{"text": "\r\n\r\n"}')
            answer = connection.getresponse()
            assert (202, b"{}") == (answer.status, answer.read())
        now, slow = recorder.calls("now"), recorder.calls("slow")
        assert (2, 0) == (recorder.count("now"), recorder.count("wait"))
        assert (now, []) == (recorder.calls("now", "run"), recorder.calls("now", "ru"))
        connection.close()

    assert ["run/1", "run/2"] == [call.path for call in now]
    (waited,) = slow
    assert ("0.2/run", True) == (waited.path, waited.answered - waited.arrived >= 0.2)
    assert now[0].answered <= waited.arrived <= waited.answered <= now[1].arrived
