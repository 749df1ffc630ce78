"""The inner hash of a tunnel packet is the outer hash of the packet taken out of the tunnel."""

import pytest

import pcaphash
from naive.capture import Record, load
from naive.configuration import Configuration
from naive.frame import Frame, LinkTypeError, NotIpError, TruncatedError
from naive.ip import read_packet
from naive.link import IPV4_ETHERTYPE, IPV6_ETHERTYPE, network_layer
from naive.tunnel import ETHERNET_ETHERTYPE, find_encapsulation
from support import builders
from support.captures import pcapng_of
from support.comparing import small_capture_paths
from support.shared import needs_shared

COMPARED = ["hash_report", "hash_input", "hash_value", "queue", "reason", "header"]


def taken_out(record: Record, configuration: Configuration) -> tuple[bytes, int, int] | None:
    """Make an Ethernet frame of what is in a tunnel; None where there is no tunnel."""
    frame = Frame(record.captured, max(record.original_length, len(record.captured)))
    try:
        outer = read_packet(frame, *network_layer(frame, record.link_type))
        found = find_encapsulation(frame, outer, configuration)
    except (NotIpError, TruncatedError, LinkTypeError):
        return None
    if found is None:
        return None
    header = b""
    if found.inner_ethertype != ETHERNET_ETHERTYPE:
        is_ip = found.inner_ethertype in (IPV4_ETHERTYPE, IPV6_ETHERTYPE)
        header = builders.ethernet(b"", found.inner_ethertype if is_ip else builders.ARP)
    captured = header + frame.captured[found.inner_offset :]
    return captured, len(header) + frame.length - found.inner_offset, 1


@needs_shared
@pytest.mark.parametrize("spec", ["v7", "1.4"])
def test_inner_hash_is_the_outer_hash_of_the_inner_packet(scratch, spec):
    inner = pcaphash.Device(spec)
    outer = pcaphash.Device(spec, hash_types=0x1FF, tunnel_types=0)
    everything = Configuration(spec, inner.hash_types, inner.tunnel_types)
    n_tunnels = 0
    for path in small_capture_paths():
        frames = [taken_out(record, everything) for record in load(path).records]
        is_tunnel = [frame is not None for frame in frames]
        if not any(is_tunnel):
            continue
        n_tunnels += sum(is_tunnel)
        alone = scratch / "alone.pcapng"
        alone.write_bytes(pcapng_of(frame for frame in frames if frame))
        inside = pcaphash.hashes(path, inner)[is_tunnel][COMPARED].reset_index(drop=True)
        inside["reason"] = inside["reason"].str.removeprefix("inner-")
        expected = pcaphash.hashes(alone, outer)[COMPARED]
        expected["header"] = expected["header"].replace("outer", "inner")
        assert inside.equals(expected), inside.compare(expected)
    assert n_tunnels > 3000
