"""Packets that may not have reached the device: what is to be done about those of a saved census."""

import pytest

from pcaphash.engine.reading import InheritedDoubts, Reading
from pcaphash.engine.sampled.directions import BothWays, TraceBothWays
from pcaphash.engine.sampled.doubts import Doubts
from pcaphash.engine.sampled.repeated import Repeated
from pcaphash.errors import Field
from pcaphash.report.words.doubts import list_doubts

ONE, EITHER = TraceBothWays(0, ("192.0.2.1",), False), TraceBothWays(0, ("192.0.2.1", "192.0.2.2"), False)
TO_ONE, TO_OTHER = Field("to", "192.0.2.1"), Field("to", "192.0.2.2")


@pytest.mark.parametrize(
    ("found", "options"),
    [
        (Doubts(BothWays(0.5, (ONE,), is_everywhere=True), None), [TO_ONE]),
        (Doubts(BothWays(0.5, (ONE,), is_everywhere=False), None), [TO_ONE]),
        (Doubts(BothWays(0.5, (EITHER,), is_everywhere=True), None), [TO_ONE, TO_OTHER]),
        (Doubts(BothWays(0.5, (EITHER,), is_everywhere=False), None), [TO_ONE, TO_OTHER]),
        (Doubts(None, Repeated(0.5, (), ())), [Field("encapsulation", "NAME")]),
        (Doubts(None, Repeated(0.5, (1,), (2,))), [Field("interface", 1)]),
    ],
)
def test_a_census_is_taken_again_to_leave_packets_out(found, options):
    reading = Reading(names={(0, 0): "some.pcap"}, inherited_doubts={0: InheritedDoubts("saved.census", (found,))})
    (line,) = list_doubts(reading)
    assert line.startswith("saved.census: 50.0% of ")
    assert f"take the census again with {' or '.join(map(str, options))}" in line
