"""What is counted of a validation adds up over parts in any order."""

import random

import numpy as np
import pytest

import naive.device
from naive.configuration import Configuration
from pcaphash.capture.reader import Reader
from pcaphash.engine.census.describer import Describer
from pcaphash.studies.validate.counting import JudgedCounts
from pcaphash.studies.validate.verdicts import FAULTS, Expectations, Leniency, NotJudged, PacketVerdict, judge
from support.captures import pcapng_of
from support.comparing import device_of
from support.diagnosing import SaidOf, as_said
from support.variety import variety

CONFIGURATION = Configuration("v7", 0xFFF, unclassified_queue=5)


@pytest.mark.jit_only
def test_parts_add_up_in_any_order(tmp_path):
    frames = variety()
    trace = tmp_path / "frames.pcapng"
    trace.write_bytes(pcapng_of(frames))
    said = [as_said(naive.device.answer(*frame, CONFIGURATION)) for frame in frames]
    random.Random(2).shuffle(said)
    device = device_of(CONFIGURATION)
    describer, expected = Describer(device), Expectations(device)
    whole, parts, first = JudgedCounts(), [], 1
    for block in Reader(str(trace), 2**12).blocks():
        _, reported = SaidOf(said).read(block, first)
        found = describer.describe(block)
        expected.learn(describer.decisions)
        judgement = judge(found, reported, expected, Leniency())
        parts.append(JudgedCounts())
        for counts in (parts[-1], whole):
            counts.append(found, reported, judgement)
        first += len(block.records)
    assert len(parts) > 2
    random.Random(3).shuffle(parts)
    combined = JudgedCounts()
    for part in parts:
        combined.combine(part)
    for name, value in vars(whole).items():
        assert np.array_equal(getattr(combined, name), value) if name != "reported" else combined.reported == value
    assert whole.verdicts[PacketVerdict.WRONG_VALUE] > 0
    assert sum(whole.verdicts.values()) + sum(whole.not_compared.values()) == len(frames)
    assert whole.not_compared[NotJudged.NOT_SHOWN] > 0
    assert all(whole.faults[verdict] >= whole.verdicts[verdict] for verdict in FAULTS.values())
