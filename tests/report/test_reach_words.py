"""What holds of a table index, in words."""

from dataclasses import replace

import pytest

from pcaphash.report.words.reach import brief_reach_texts, dependencies_text, reach_text, reach_texts
from pcaphash.studies.shared.linear.hash_input import HashInput
from pcaphash.studies.shared.linear.index_bits import Dependency
from pcaphash.studies.shared.linear.reach import Reach


def equal(*pairs, value=0):
    return [Dependency(pair, value) for pair in pairs]


@pytest.mark.parametrize(
    ("dependencies", "told"),
    [
        ([], ""),
        ([Dependency((3,), 0)], "bit 3 of the index is always 0"),
        ([Dependency((3,), 1), Dependency((0,), 0)], "bit 0 of the index is always 0; bit 3 of the index is always 1"),
        ([Dependency((i,), 0) for i in (2, 3, 4)], "bits 2 to 4 of the index are always 0"),
        ([Dependency((i,), None) for i in (2, 4)], "bits 2 and 4 of the index are always the same"),
        (equal((3, 5)), "bits 3 and 5 of the index are always equal"),
        (equal((3, 5), value=1), "bits 3 and 5 of the index are never equal"),
        (equal((0, 1), (4, 5), (1, 2)), "bits 4 and 5 of the index are always equal; bits 0 to 2 of the index are "
         "always equal"),
        (equal((0, 2), (2, 6), value=None), "bits 0, 2 and 6 of the index only change together"),
        ([Dependency((0, 2, 4), 0)], "bit 4 of the index is always the XOR of bits 0 and 2"),
        ([Dependency((0, 2, 4), 1)], "bit 4 of the index is never the XOR of bits 0 and 2"),
        ([Dependency((0, 2, 4), None)], "bit 4 of the index changes exactly with the XOR of bits 0 and 2"),
        (equal((0, 1), (2, 3), (4, 5), (6, 7)), "bits 0 and 1 of the index are always equal; bits 2 and 3 of the "
         "index are always equal; bits 4 and 5 of the index are always equal; and 1 more of this kind"),
    ],
)  # fmt: skip
def test_dependencies_are_told(dependencies, told):
    assert dependencies_text(dependencies) == told


def reach(inputs, dimension, rank, *dependencies):
    kind = HashInput.IPV4_PORTS
    return Reach(kind, inputs, inputs, dimension, 7, rank, min(inputs, 1 << rank), 8, tuple(dependencies))


def test_it_is_said_who_is_to_blame():
    assert (
        reach_text(reach(500, 40, 7)) == "500 hash inputs of IPv4 addresses and ports can reach all 128 table entries."
    )
    limited = [Dependency((bit,), 0) for bit in (4, 5, 6)]
    assert reach_text(reach(500, 40, 4, *limited)) == (
        "With this key, 500 hash inputs of IPv4 addresses and ports reach at most 16 of 128 table entries: bits 4 to 6 "
        "of the index are always 0. With another key, they could reach 128."
    )
    few = reach_text(reach(6, 5, 5, *limited))
    assert few == (
        "The traffic has only 6 hash inputs of IPv4 addresses and ports: they reach 6 of 128 table entries, and with "
        "no key more than 6."
    )
    assert reach_text(reach(16, 4, 4, *limited)) == (
        "16 hash inputs of IPv4 addresses and ports vary in only 4 independent bits, so with any key they reach at "
        "most 16 of 128 table entries: bits 4 to 6 of the index are always 0."
    )
    alone = reach_text(reach(1, 0, 0, *(Dependency((bit,), 0) for bit in range(7))))
    assert alone == "1 hash input of IPv4 addresses and ports reaches 1 of 128 table entries."


def test_what_holds_of_several_kinds_is_said_once():
    limited = [Dependency((bit,), 0) for bit in (4, 5, 6)]
    one, other = reach(500, 40, 4, *limited), replace(reach(90, 30, 4, *limited), kind=HashInput.IPV6_PORTS)
    (told,) = reach_texts([one, other])
    assert told.startswith(
        "With this key, 500 hash inputs of IPv4 addresses and ports and 90 of IPv6 addresses and ports reach at most 16"
    )
    assert len(reach_texts([one, reach(500, 40, 7)])) == 2


def test_what_another_key_could_reach_is_said_once():
    one = reach(500, 40, 4, *(Dependency((bit,), 0) for bit in (4, 5, 6)))
    other = reach(400, 40, 5, *(Dependency((bit,), 0) for bit in (5, 6)))
    free, few = reach(500, 40, 7), reach(3, 2, 1, Dependency((0,), 1))
    said = brief_reach_texts([[one, free], [free], [other, one], [free]])
    assert [len(texts) for texts in said] == [2, 1, 2, 1]
    told = "Another key could lead each kind of hash input named here to 128 table entries."
    assert [text.endswith(told) for texts in said for text in texts] == [False, False, False, False, True, False]
    assert sum(text.count("Another key") for texts in said for text in texts) == 1
    assert said[-1][-1].endswith(" key shows why.")
    assert not any("bits" in text for texts in said for text in texts)
    assert brief_reach_texts([[], []]) == [[], []]
    assert all(text.startswith("With this key, ") for text in (said[0][0], *said[2]))
    assert reach_texts([one, few])[-1].endswith("hash input named here to 4 to 128 table entries.")
    assert reach_texts([one, free])[0].endswith("With another key, they could reach 128.")
