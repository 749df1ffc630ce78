"""What was recovered of a key is shown with what is not known of it, and with what contradicts it."""

import io
import json
from dataclasses import replace

import pytest

from pcaphash import Device
from pcaphash.engine.reading import Reading
from pcaphash.report.recover_key.words import written_key
from pcaphash.report.recover_key.write import write_recovery
from pcaphash.studies.recover_key import Recovery
from pcaphash.studies.recover_key.result import Assumption, Fit, ValueOrder
from pcaphash.studies.recover_key.solution import KEY_BITS, Solution

KEY = int.from_bytes(bytes(range(1, 41)), "big") >> 1  # its first 319 bits


def recovery_with(open_bits: int, **changes) -> Recovery:
    """Make a recovery in which so many bits at the end of the key are open."""
    null = tuple(1 << 32 + bit for bit in range(open_bits))
    solution = Solution(KEY >> open_bits << open_bits << 32, null, False, KEY_BITS - open_bits, 100)
    fit = Fit(Assumption.AS_CONFIGURED, Device(), 5000, 97, 0, solution, ValueOrder.AS_REPORTED, (), 32 * (5000 - 97))
    fit = replace(fit, **changes)
    return Recovery(Reading.of(["some.pcap"]), [fit], fit)


def shown(recovery: Recovery, format_: str = "table") -> str:
    stream = io.StringIO()
    write_recovery(recovery, format_, stream)
    return stream.getvalue()


@pytest.mark.parametrize(("open_bits", "unknown"), [(0, 0), (1, 1), (3, 1), (4, 2), (192, 49)])
def test_digits_that_are_not_known_as_a_whole(open_bits, unknown):
    written = written_key(recovery_with(open_bits).solution)
    assert len(written) == 80
    assert written.count("?") == unknown
    assert bytes(range(1, 41)).hex().startswith(written.rstrip("?")[: 80 - max(unknown, 1)])


def test_a_whole_key_comes_with_what_to_do_with_it():
    text = shown(recovery_with(0))
    assert "all 319 bits" in text
    assert "pcaphash validate TRACE --key 0102" in text
    assert "mask:" not in text


def test_a_part_of_a_key_comes_with_its_mask():
    text = shown(recovery_with(192))
    assert text.startswith("127 of the 319 key bits")
    assert f"mask: {((1 << 127) - 1) << 193:080x}" in text
    assert "enough to calculate every hash of these inputs: IPv4 addresses; IPv4 addresses and ports" in text
    # Bits that are open do not matter to any of these.
    assert "to validate with it, with 0 for each unknown bit: pcaphash validate TRACE --key 0102" in text
    assert "pcaphash validate" not in shown(recovery_with(300))


def test_a_known_key_is_proposed_by_its_name_and_not_with_made_up_bits():
    text = shown(replace(recovery_with(192), known_key="microsoft"))
    assert "to validate with it: pcaphash validate TRACE --key microsoft\n" in text


def test_contradictions_are_counted_and_named():
    recovery = recovery_with(0, contradictions=2, contradicting=(7, 4711))
    assert "2 packets contradict the others: 7, 4,711" in " ".join(shown(recovery).split())
    one = recovery_with(0, contradictions=1, contradicting=(7,))
    assert "1 packet contradicts the others: 7" in " ".join(shown(one).split())
    (assumption,) = json.loads(shown(recovery, "json"))["assumptions"]
    assert (assumption["contradictions"], assumption["contradicting"]) == (2, [7, 4711])
    assert assumption["equations_that_hold_besides"] == 100 + 32 * (5000 - 97)


def test_what_nothing_confirms_is_said():
    few = recovery_with(192, packets=97, holding=0)
    assert "equations are left" not in shown(few)
    unconfirmed = replace(few.solution, redundant=5)
    assert "Only 5 equations are left to check the key, so it may be wrong." in shown(
        recovery_with(192, packets=97, holding=0, solution=unconfirmed)
    )


def test_no_key():
    nothing = replace(recovery_with(0, solution=None), best=None)
    assert shown(nothing).startswith("No key produces these hashes.")
    lost = replace(recovery_with(0), best=None)
    assert shown(lost).startswith("No key is certain.")
    document = json.loads(shown(lost, "json"))
    assert (document["key"], document["known_bits"], document["is_complete"]) == (None, 0, False)
