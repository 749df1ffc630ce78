"""What must hold for every frame and every device, whatever the rules say in detail."""

import ast
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import naive
from naive.configuration import HASH_TYPES, TUNNEL_TYPES, V7_TUNNEL_TYPES, Configuration
from naive.device import answer
from naive.ena import ena_hash, is_ena
from naive.toeplitz import toeplitz
from support.packets import configurations, frames, whole_frames

REASONS_WITHOUT_HASH = {"NONE": {"not-ip", "inner-not-ip", "no-type"}, "UNKNOWN": {"truncated", "link-type"}}


@given(frames(), configurations())
@settings(max_examples=500, deadline=None)
def test_an_answer_is_consistent_in_itself(frame, device):
    result = answer(*frame, device)
    if result.hash_report in HASH_TYPES:
        assert device.enables_hash_type(result.hash_report)
        expected = ena_hash(result.hash_input, device) if is_ena(device) else toeplitz(device.key, result.hash_input)
        assert result.hash_value == expected
        assert result.queue == device.indirection_table[result.hash_value % len(device.indirection_table)]
        assert (result.header, result.reason) in {("outer", ""), ("inner", "")}
    else:
        assert (result.hash_input, result.hash_value, result.header) == (None, None, "none")
        assert result.reason in REASONS_WITHOUT_HASH[result.hash_report]
        assert result.queue == (device.unclassified_queue if result.hash_report == "NONE" else None)
    assert (result.hash_report_tunnel == "UNKNOWN") == (result.hash_report == "UNKNOWN")
    if result.hash_report_tunnel in V7_TUNNEL_TYPES:
        assert (device.spec, result.header, result.encapsulation) == ("v7", "inner", result.hash_report_tunnel)
    elif result.header == "inner":
        assert device.spec == "1.4"
        assert device.enables_tunnel_type(result.encapsulation)


@given(whole_frames(), configurations(), st.data())
@settings(max_examples=500, deadline=None)
def test_what_is_known_of_a_cut_frame_is_true_of_the_whole_one(frame_and_link_type, device, data):
    frame, link_type = frame_and_link_type
    whole = answer(frame, len(frame), link_type, device)
    captured = frame[: data.draw(st.integers(0, len(frame)))]
    result = answer(captured, len(frame), link_type, device)
    assert whole.reason != "truncated"
    assert result.encapsulation in {"UNKNOWN", whole.encapsulation}
    if result.reason == "truncated":
        assert len(captured) < len(frame)
    else:
        assert (result.hash_report, result.hash_input, result.queue, result.reason) == (
            whole.hash_report,
            whole.hash_input,
            whole.queue,
            whole.reason,
        )


@given(frames(), configurations())
@settings(max_examples=200, deadline=None)
def test_an_original_length_below_the_captured_one_does_not_count(frame, device):
    captured, _, link_type = frame
    assert answer(captured, 0, link_type, device) == answer(captured, len(captured), link_type, device)


@given(st.binary(min_size=1, max_size=60), st.binary(min_size=36, max_size=36), st.binary(min_size=36, max_size=36))
@settings(max_examples=100, deadline=None)
def test_toeplitz_is_linear(key, one, other):
    both = bytes(a ^ b for a, b in zip(one, other, strict=True))
    assert toeplitz(key, both) == toeplitz(key, one) ^ toeplitz(key, other)


@pytest.mark.slow
def test_the_strategies_reach_everything():
    reached: set[tuple[str, str]] = set()

    @given(frames(), configurations())
    @settings(max_examples=5000, deadline=None, derandomize=True, database=None)
    def collect(frame: tuple[bytes, int, int], device: Configuration) -> None:
        result = answer(*frame, device)
        reached.update(
            {
                ("report", result.hash_report),
                ("tunnel", result.hash_report_tunnel),
                ("reason", result.reason),
                ("header", result.header),
                (device.spec, result.encapsulation),
            }
        )

    collect()
    wanted = {("report", name) for name in (*HASH_TYPES, "NONE", "UNKNOWN")}
    wanted |= {("tunnel", name) for name in (*V7_TUNNEL_TYPES, "NONE", "UNKNOWN")}
    wanted |= {("reason", name) for name in ("", "not-ip", "inner-not-ip", "no-type", "truncated", "link-type")}
    wanted |= {("v7", name) for name in V7_TUNNEL_TYPES}
    wanted |= {("1.4", name) for name in TUNNEL_TYPES}
    assert wanted <= reached


def test_the_reference_stands_alone():
    for path in Path(naive.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            assert not any(name.split(".")[0] == "pcaphash" for name in names), path
