"""Compare what pcaphash says of captures with what the naive reference says."""

import csv
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pcaphash
from naive.capture import Record
from naive.configuration import Configuration
from naive.device import Answer
from naive.device import answer as naive_answer
from pcaphash.studies.shared.columns import HASHES
from support.shared import CAPTURES

Row = tuple[object, ...]

# Under each text: everything, nothing, and masks that make every precedence and every fallback matter.
CONFIGURATIONS = [
    Configuration("v7", 0xFFF),
    Configuration("v7", 0x1FF),
    Configuration("v7", 0xE00 | 0x3F, unclassified_queue=7),
    Configuration("v7", 0x200 | 0x1C0, key=bytes(range(1, 30))),
    Configuration("v7", 0x400 | 0x49, indirection_table=(3,), unclassified_queue=1),
    Configuration("v7", 0x800 | 0x136, indirection_table=tuple(i * 7 % 61 for i in range(512))),
    Configuration("v7", 0xA00 | 0x1FF, vxlan_ports=(6081,), geneve_ports=(4789, 53)),
    Configuration("v7", 0xE00),
    Configuration("1.4", 0x1FF, 0x1FF),
    Configuration("1.4", 0x1FF, 0),
    Configuration("1.4", 0x3F, 0x1FF, key=bytes(range(255, 155, -1))),
    Configuration("1.4", 0x1C8, 0x107, unclassified_queue=5),
    Configuration("1.4", 0x09F, 0x0F8, indirection_table=(0, 4, 2, 2)),
    Configuration("1.4", 0x049, 0x155),
    Configuration("1.4", 0x1B6, 0x0AA, vxlan_gpe_ports=(4789,), vxlan_ports=(4790,), gre_udp_ports=(4754, 53, 443)),
    Configuration("1.4", 0x000, 0x1FF),
    Configuration(
        "v7", 0xFFF, inner_miss="outer", table_index="modulo", indirection_table=tuple(i % 9 for i in range(100))
    ),
    Configuration("1.4", 0x1FF, 0x1FF, inner_miss="outer", input_transform="symmetric-xor"),
    Configuration("v7", 0xFFF, input_transform="symmetric-or-xor"),
    Configuration("v7", 0x1FF, flavor="qemu"),
    Configuration("v7", 0x1FF, flavor="qemu-ebpf"),
    Configuration("v7", 0x1FF, flavor="ena-gen4"),
    Configuration("1.4", 0x1FF, flavor="ena-gen4", table_index="modulo", indirection_table=tuple(range(7))),
    Configuration("v7", 0x1FF, flavor="ena-gen5", key=bytes(range(9, 49))),
    Configuration("1.4", 0x03F, flavor="ena-gen5", input_transform="symmetric-or-xor"),
    Configuration("v7", 0x1FF, flavor="corundum", unclassified_queue=3),
    Configuration("v7", 0x03F, flavor="vpp", indirection_table=tuple(i % 6 for i in range(256))),
    Configuration("1.4", 0x0F1, flavor="qemu-ebpf"),
    Configuration("v7", 0xFFF, flavor="qemu-ebpf-inner"),
    Configuration("1.4", 0x1B9, 0x1FF, flavor="qemu-ebpf-inner", unclassified_queue=6),
    Configuration("v7", 0x0C9, flavor="qemu", input_transform="symmetric-xor", unclassified_queue=2),
]


def device_of(configuration: Configuration) -> pcaphash.Device:
    """Make the device that the naive reference is told to be."""
    return pcaphash.Device(
        spec=configuration.spec,
        hash_types=configuration.hash_types,
        tunnel_types=configuration.tunnel_types,
        hash_key=configuration.key,
        pad_key=True,
        queues=1 + max(*configuration.indirection_table, configuration.unclassified_queue, 0),
        indirection_table=configuration.indirection_table,
        unclassified_queue=configuration.unclassified_queue,
        vxlan_ports=configuration.vxlan_ports,
        geneve_ports=configuration.geneve_ports,
        **({} if configuration.spec == "v7" else ports_of_1_4(configuration)),
        inner_miss=configuration.inner_miss,
        flavor=configuration.flavor,
        table_index=configuration.table_index,
        input_transform=configuration.input_transform,
    )


def ports_of_1_4(configuration: Configuration) -> dict[str, tuple[int, ...]]:
    """List the ports of tunnels that draft v7 does not know."""
    return {"vxlan_gpe_ports": configuration.vxlan_gpe_ports, "gre_udp_ports": configuration.gre_udp_ports}


def answers(records: Sequence[Record], configuration: Configuration) -> list[Answer]:
    """Answer for all records, once for those that are the same."""
    answer = cache(lambda *packet: naive_answer(*packet, configuration))
    return [answer(record.captured, record.original_length, record.link_type) for record in records]


def naive_rows(records: Sequence[Record], configuration: Configuration) -> list[Row]:
    """Write the rows of ``hashes`` from the naive answers."""
    return [naive_row(record, result) for record, result in zip(records, answers(records, configuration), strict=True)]


def naive_row(record: Record, result: Answer) -> Row:
    """Write one row, by the names and forms of the columns."""
    columns = {
        "packet": record.packet,
        "timestamp_ns": record.timestamp_ns,
        "captured_length": len(record.captured),
        "original_length": record.original_length,
        "direction": record.direction,
        "encapsulation": result.encapsulation,
        "header": result.header,
        "hash_report": result.hash_report,
        "hash_report_tunnel": result.hash_report_tunnel,
        "hash_input": "" if result.hash_input is None else result.hash_input.hex(),
        "hash_value": "" if result.hash_value is None else f"0x{result.hash_value:08x}",
        "queue": result.queue,
        "reason": result.reason,
    }
    return tuple(columns[name] for name in HASHES.names)


def hashes_rows(path: Path, configuration: Configuration) -> list[Row]:
    """Return the rows of ``hashes`` as Python values, None where a cell is empty."""
    rows = pcaphash.hashes(path, device_of(configuration))
    assert tuple(rows.columns) == HASHES.names
    objects = rows.astype(object)
    return list(objects.where(objects.notna(), None).itertuples(index=False, name=None))


def assert_rows_equal(found: list[Row], expected: list[Row]) -> None:
    """Hold that rows are equal, and show the first that is not."""
    assert len(found) == len(expected)
    if found != expected:
        first = next(i for i, pair in enumerate(zip(found, expected, strict=True)) if pair[0] != pair[1])
        assert dict(zip(HASHES.names, found[first], strict=True)) == dict(
            zip(HASHES.names, expected[first], strict=True)
        )


def index_of(folder: Path) -> list[dict[str, str]]:
    """Read the list of the captures in a folder; empty where the folder is not there."""
    path = folder / "INDEX.csv"
    if not path.exists():
        return []
    with path.open(newline="") as lines:
        return list(csv.DictReader(lines))


LARGE = ("suricata-verify__defrag-af-confusion-spray-h8.pcap", "zeek__echo-connections.pcap.gz")
"""The two public captures with more than ten thousand packets."""


def capture_paths() -> list[Path]:
    """List the public captures."""
    return [CAPTURES / row["file"] for row in index_of(CAPTURES)]


def small_capture_paths() -> list[Path]:
    """List the public captures but the two large ones."""
    return [path for path in capture_paths() if path.name not in LARGE]
