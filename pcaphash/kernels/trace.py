"""What a dissection notes as it goes, for whoever explains it: a step for each header that it came to.

The argument ``trace`` of the kernels that dissect is None wherever nobody asks. numba compiles them once for None and
leaves out all that belongs to traces, so that counting pays nothing; and once more for the array that
``kernels.trace_packet`` passes in.

A step says which bytes were needed and what was read there. Where the dissection went no further, it also says why:
for a length the limit that was reached, else the rule that the value read breaks. Whether the packet has a hash all the
same is for the signature to say.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from pcaphash.kernels.base import step

# Columns of a step.
LEVEL = 0  # 0 in the outer packet, 1 in the inner one
LAYER = 1
OFFSET = 2  # where it starts in the packet
LENGTH = 3  # its bytes: those that must lie within the packet, as far as that is known
NEEDED = 4  # how many of them are read, and must be captured for that
VALUE = 5  # what was read, by layer: see below
STOP = 6
LIMIT = 7  # for PACKET_END and CAPTURED_END, where that end is in the packet
N_COLUMNS = 8

# The first row of a trace is no step. It holds the level that is being read, and how many steps there are.
N_STEPS = 1

# Layers, and the value that is read of each.
ETHERNET = 1  # EtherType
VLAN_TAG = 2  # EtherType
LINUX_COOKED = 3  # protocol, an EtherType; only this field is needed
LOOPBACK = 4  # address family
RAW_IP = 5  # IP version
OTHER_LINK = 6  # link type
IPV4 = 7  # protocol
IPV6 = 8  # next header
EXTENSION = 9  # next header number of this header itself
TRANSPORT = 10  # protocol
HOME_ADDRESS = 11  # nothing: an address that extended hash types take in place of the source address
ROUTING_ADDRESS = 12  # nothing: an address that they take in place of the destination address
UDP_PORTS = 13  # destination port
GRE = 14  # protocol type
VXLAN = 15  # flags
VXLAN_GPE = 16  # next protocol, which counts only if the P flag is set
GENEVE = 17  # protocol type
IPIP = 18  # nothing: there is no header of its own

# Why a dissection went no further.
NO_STOP = 0
PACKET_END = 1  # the packet ends before OFFSET + LENGTH
CAPTURED_END = 2  # the captured bytes end before OFFSET + NEEDED
UNKNOWN_LINK_TYPE = 3
NOT_IP_TYPE = 4  # the value announces neither IP nor anything else that is read
TAG_NOT_SKIPPED = 5
WRONG_VERSION = 6
SHORT_LENGTH = 7  # an IPv4 header length below 20
FRAGMENT = 8
OTHER_TRANSPORT = 9  # neither TCP nor UDP
EXTENSION_NOT_SKIPPED = 10
NO_TUNNEL_PORT = 11
NO_INSTANCE_FLAG = 12
ROUTING_FLAG = 13
OPTIONS = 14  # an IPv4 header with options, or of another length than 20
NOT_READ = 15  # the device does not read headers of this IP version
TYPE_READ_ELSEWHERE = 16  # the device takes the EtherType from another place than after the tags
TAKEN_FOR_FRAGMENT = 17  # a bit of IPv4's fragment field is set that makes no fragment, such as DF

# A packet has so many steps beside its VLAN tags and extension headers, of which at least two bytes each are captured.
_OTHER_STEPS = 32


def new_trace(captured_length: int) -> npt.NDArray[np.int64]:
    """Make the array that the steps of one packet fit into.

    Returns
    -------
    int64 array of shape (n, N_COLUMNS)
        Zeros.
    """
    return np.zeros((_OTHER_STEPS + captured_length // 2, N_COLUMNS), np.int64)


@step
def note(trace: Any, layer: int, offset: int, length: int, needed: int) -> None:
    """Add a step: a header whose ``length`` bytes must lie within the packet, and the first ``needed`` be captured."""
    if trace is not None:
        at = trace[0, N_STEPS] + 1
        if at < len(trace):
            trace[0, N_STEPS] = at
            trace[at, LEVEL] = trace[0, LEVEL]
            trace[at, LAYER] = layer
            trace[at, OFFSET] = offset
            trace[at, LENGTH] = length
            trace[at, NEEDED] = needed


@step
def amend(trace: Any, column: int, value: int) -> None:
    """Write what was learned since of the last step."""
    if trace is not None:
        trace[trace[0, N_STEPS], column] = value


@step
def need(trace: Any, needed: int) -> None:
    """Raise the number of bytes that the last step needs captured."""
    if trace is not None:
        trace[trace[0, N_STEPS], NEEDED] = max(trace[trace[0, N_STEPS], NEEDED], needed)


@step
def stop(trace: Any, why: int, limit: int) -> None:
    """Say why the last step is as far as the dissection went."""
    if trace is not None:
        trace[trace[0, N_STEPS], STOP] = why
        trace[trace[0, N_STEPS], LIMIT] = limit


@step
def go_inside(trace: Any) -> None:
    """Count the steps that follow to the packet inside."""
    if trace is not None:
        trace[0, LEVEL] += 1
