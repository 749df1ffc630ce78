"""Headers are read as devices with faults read them, whichever way kernels run."""

import random

import pytest

from naive.configuration import Configuration
from pcaphash.capture.reader import Block
from pcaphash.engine.census.describer import Describer
from pcaphash.studies.validate.catalogue.faults import faults_of
from support.comparing import device_of
from support.diagnosing import READING, misbehave, separating_frames
from support.records import laid_out

CONFIGURATION = Configuration("v7", 0xFFF, key=random.Random(7).randbytes(40))
DEVICE = device_of(CONFIGURATION)
FLAGS = {fault.name: fault.flags for fault in faults_of(DEVICE) if fault.flags and not fault.device}


def test_each_fault_is_told_in_plain_python():
    assert set(FLAGS) == set(READING)


@pytest.mark.parametrize("name", READING)
def test_packets_as_a_device_with_a_fault_reads_them(name):
    frames = separating_frames()
    expected = misbehave(frames, CONFIGURATION, name)
    assert expected != misbehave(frames, CONFIGURATION)
    block = Block(*laid_out([(frame, len(frame), 1) for frame in frames]))
    found = Describer(DEVICE, FLAGS[name]).describe(block)
    assert found.known.all()
    assert found.hash_values.tolist() == [said.value for said in expected]
    assert found.hashed.tolist() == [said.report != "NONE" for said in expected]
    assert found.queues.tolist() == [said.queue for said in expected]
