"""Write logs as DPDK's testpmd prints them after ``set verbose 1``."""

import random
from collections.abc import Iterable, Sequence

from support.diagnosing import Said

Entry = tuple[bytes, Said]


def packet_lines(frame: bytes, said: Said, extra: str = "", direction: str = "Receive") -> str:
    """Print one packet; ``extra`` stands where flow rules, timestamps and VLAN tags do."""
    source, destination = (":".join(f"{byte:02X}" for byte in each) for each in (frame[6:12], frame[:6]))
    ethertype, length = int.from_bytes(frame[12:14], "big"), max(len(frame), 60)
    hashed = said.value is not None and said.report != "NONE"
    given = f" - RSS hash=0x{said.value:x} - RSS queue=0x{said.queue:x}" if hashed else ""
    return (
        f"  src={source} - dst={destination} - pool=mb_pool_0 - type=0x{ethertype:04x} - length={length} - nb_segs=1"
        f"{given}{extra} - hw ptype: L2_ETHER L3_IPV4_EXT_UNKNOWN L4_UDP  - sw ptype: L2_ETHER L3_IPV4 L4_UDP "
        f" - l2_len=14 - l3_len=20 - l4_len=8 - {direction} queue=0x{said.queue:x}\n"
        "  ol_flags: RTE_MBUF_F_RX_RSS_HASH RTE_MBUF_F_RX_L4_CKSUM_GOOD \n"
    )


def burst(entries: Sequence[Entry], port: int = 0, extra: str = "") -> str:
    """Print a burst of one queue."""
    start = f"port {port}/queue {entries[0][1].queue}: received {len(entries)} packets\n"
    return start + "".join(packet_lines(frame, said, extra) for frame, said in entries)


def by_queue(entries: Iterable[Entry], size: int = 10**6, port: int = 0) -> str:
    """Print packets as testpmd finds them after ``size`` packets came: the queues in turn, each in order."""
    entries = list(entries)
    text = ""
    for start in range(0, len(entries), size):
        some = entries[start : start + size]
        for queue in sorted({said.queue for _, said in some}):
            text += burst([each for each in some if each[1].queue == queue], port)
    return text


def one_by_one(entries: Iterable[Entry]) -> str:
    """Print packets that came slowly, each as a burst of its own."""
    return "".join(burst([each]) for each in entries)


def without_some(entries: Sequence[Entry], n: int, seed: int = 1) -> list[Entry]:
    """Leave out some packets, as an interface that drops them does."""
    left = set(random.Random(seed).sample(range(len(entries)), len(entries) - n))
    return [each for i, each in enumerate(entries) if i in left]
