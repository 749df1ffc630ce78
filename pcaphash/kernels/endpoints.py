"""Read what tells tunnels apart: the addresses of the outer header, and the number of the virtual network."""

from typing import Any

import numpy as np

from pcaphash.kernels.base import kernel, pointer
from pcaphash.kernels.dissect import dissect, signature_of
from pcaphash.kernels.header import KIND_IPV4, KIND_IPV6
from pcaphash.kernels.toeplitz import view_key
from pcaphash.kernels.tunnel import network_number

ADDRESS_LEN = 16
ENDPOINTS_LEN = 2 * ADDRESS_LEN


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
        encapsulation, outer, inner = dissect(
            d, offset, frame_end, captured_end, np.int64(records[i]["link_type"]), types, prepared, departures, None
        )
        signatures[i] = signature_of(outer.kind, encapsulation, inner.kind)
        network_numbers[i] = network_number(d, encapsulation, outer.payload, captured_end)
        at = i * ENDPOINTS_LEN
        for position in range(at, at + ENDPOINTS_LEN):
            written[position] = 0
        if outer.kind >= KIND_IPV4:
            address_len = 4 if outer.kind < KIND_IPV6 else 16
            source = outer.ip + (12 if outer.kind < KIND_IPV6 else 8)
            for position in range(address_len):
                written[at + position] = d[source + position]
                written[at + ADDRESS_LEN + position] = d[source + address_len + position]
