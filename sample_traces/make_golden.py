"""Write what ``pcaphash.hashes`` says about every packet of the sample traces, one file for each configuration.

    python sample_traces/make_golden.py

The files are compared in tests: after a change of the answers that is meant, write them anew and read the difference.
"""

from pathlib import Path
from random import Random

import pcaphash
from pcaphash import Device

FOLDER = Path(__file__).parent
GOLDEN = FOLDER / "golden"
MOST_PACKETS = 300  # of a trace that are written

CONFIGURATIONS = {
    "v7-inner": Device(spec="v7", hash_types="all"),
    "v7-linux": Device(spec="v7", hash_types="linux"),
    "v7-addresses": Device(spec="v7", hash_types="addresses"),
    "1.4-inner": Device(spec="1.4", hash_types="all", tunnel_types="all"),
    "1.4-mixed": Device(
        spec="1.4",
        hash_types="TCPv4+UDPv6+IP_EX+TCP_EX",
        tunnel_types="GRE_7676+VXLAN+VXLAN_GPE+IPIP",
        hash_key=Random(20260408).randbytes(40),
        queues=16,
        indirection_table_size=64,
        unclassified_queue=15,
    ),
}


def traces() -> list[Path]:
    """Return the sample traces."""
    return sorted(path for path in FOLDER.iterdir() if path.suffix in (".pcap", ".pcapng"))


def golden(trace: Path, configuration: str) -> str:
    """Return the golden file of a trace under a configuration, as CSV."""
    rows = pcaphash.hashes(trace, CONFIGURATIONS[configuration]).head(MOST_PACKETS)
    return rows.to_csv(index=False, lineterminator="\n")


def main() -> None:
    """Write all golden files."""
    GOLDEN.mkdir(exist_ok=True)
    for trace in traces():
        for configuration in CONFIGURATIONS:
            path = GOLDEN / f"{trace.stem}.{configuration}.csv"
            path.write_text(golden(trace, configuration), encoding="utf-8", newline="")


if __name__ == "__main__":
    main()
