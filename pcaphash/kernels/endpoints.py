"""Read what tells tunnels apart: the addresses of the outer header, and the number of the virtual network."""

from typing import Any

import numpy as np

from pcaphash.kernels.base import be16, be32, kernel, pointer, step
from pcaphash.kernels.dissect import dissect, signature_of
from pcaphash.kernels.header import KIND_IPV4, KIND_IPV6
from pcaphash.kernels.toeplitz import view_key
from pcaphash.kernels.tunnel import GENEVE, GRE_UDP, IPIP, NVGRE, VXLAN, VXLAN_GPE, is_tunnel
from pcaphash.standards import ip
from pcaphash.standards import tunnel as tun

ADDRESS_LEN = 16
ENDPOINTS_LEN = 2 * ADDRESS_LEN

NO_NETWORK_NUMBER = -1


@step
def _network_number(d: Any, encapsulation: int, payload: int, captured_end: int) -> int:
    """Return the VNI, the VSID or the key of a tunnel, given where its UDP or GRE header starts."""
    if not is_tunnel(encapsulation) or encapsulation == IPIP:
        return np.int64(NO_NETWORK_NUMBER)
    has_vni = encapsulation == VXLAN or encapsulation == VXLAN_GPE or encapsulation == GENEVE
    if has_vni:
        return be32(d, payload + ip.UDP_LEN + tun.NETWORK_NUMBER_OFFSET) >> 8
    gre = payload + ip.UDP_LEN if encapsulation == GRE_UDP else payload
    flags = be16(d, gre)
    if not flags & tun.GRE_KEY:
        return np.int64(NO_NETWORK_NUMBER)
    key = gre + (8 if flags & tun.GRE_CHECKSUM else 4)
    if key + 4 > captured_end:
        return np.int64(NO_NETWORK_NUMBER)
    number = be32(d, key)
    return number >> 8 if encapsulation == NVGRE else number


@kernel
def read_endpoints(
    block: Any, records: Any, n_records: int, key: Any, port_types: Any, departures: Any,
    signatures: Any, network_numbers: Any, endpoints: Any,
) -> None:  # fmt: skip
    """Read the endpoints of the packets of a block.

    Parameters
    ----------
    block, records, n_records, key, port_types, departures
        As ``census.count_packets`` takes them; the key does not matter.
    signatures : int32 array of shape (n_records,)
        Written: signatures (kernels.dissect).
    network_numbers : int64 array of shape (n_records,)
        Written: VNI of VXLAN, VXLAN-GPE and GENEVE (RFC 7348 section 5, RFC 8926 section 3.4), VSID of NVGRE (RFC 7637
        section 3.2), key of other GRE (RFC 2890 section 2.1); NO_NETWORK_NUMBER where there is none, or where it was
        not captured.
    endpoints : uint8 array of shape (n_records * ENDPOINTS_LEN,)
        Written: source and destination address of the outer header, 16 bytes each, those of IPv4 followed by zeros;
        all zeros where there is no IP header.
    """
    d = pointer(block)
    types = pointer(port_types)
    written = pointer(endpoints)
    prepared = view_key(key)
    for i in range(n_records):
        offset = np.int64(records[i]["offset"])
        captured_end = offset + np.int64(records[i]["captured_length"])
        frame_end = max(offset + np.int64(records[i]["original_length"]), captured_end)
        encapsulation, outer, outer_ip, _, _, payload, _, _, inner, _, _, _, _, _, _ = dissect(
            d, offset, frame_end, captured_end, np.int64(records[i]["link_type"]), types, prepared, departures
        )
        signatures[i] = signature_of(outer, encapsulation, inner)
        network_numbers[i] = _network_number(d, encapsulation, payload, captured_end)
        at = i * ENDPOINTS_LEN
        for position in range(at, at + ENDPOINTS_LEN):
            written[position] = 0
        if outer >= KIND_IPV4:
            address_len = 4 if outer < KIND_IPV6 else 16
            source = outer_ip + (12 if outer < KIND_IPV6 else 8)
            for position in range(address_len):
                written[at + position] = d[source + position]
                written[at + ADDRESS_LEN + position] = d[source + address_len + position]
