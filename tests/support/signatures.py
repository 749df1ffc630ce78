"""Which kernels there are, and how often each was compiled by the end of a program."""

import json
import subprocess
import sys
from pathlib import Path

from support import builders, captures

# Kernels that know departures from the texts have a second signature for them.
KERNELS = {
    "add_by_group": 1,
    "assign_at_random": 1,
    "assign_crowds_at_random": 1,
    "choose_again": 1,
    "count_apart": 1,
    "count_flows": 1,
    "count_packets": 2,
    "count_packets_by_keys": 2,
    "count_packets_of_flows": 1,
    "count_pcap": 1,
    "count_pcapng": 1,
    "describe_packets": 2,
    "eliminate": 1,
    "find_start": 1,
    "group_equal": 1,
    "hash_inputs": 1,
    "hash_rows": 1,
    "index_flows": 1,
    "index_pcap": 1,
    "index_pcapng": 1,
    "keep_packets": 1,
    "make_packets": 1,
    "merge_flows": 1,
    "move_flows": 1,
    "read_endpoints": 2,
    "read_flow_keys": 2,
    "read_inputs": 1,
    "read_packet_options": 1,
    "read_tunnel_keys": 2,
    "read_tuples": 1,
    "recognize_suspects": 1,
    "resample_at_random": 1,
    "run_curve": 1,
    "run_lossless": 1,
    "run_rings": 1,
    "run_shared_curve": 1,
    "run_shared_ring": 1,
    "settle_times": 1,
    "spread_by_keys": 1,
    "steer_packets": 2,
    "strip_packets": 1,
    "trace_packet": 2,
    "turn_tuples": 1,
    "walk_pcap": 1,
    "walk_pcapng": 1,
    "write_packet_blocks": 1,
    "write_records": 1,
}

EVERY_KERNEL = """
import io, sys
import numpy, pcaphash
from pcaphash.capture.delivered.pcap import PcapEncoder, VirtioLayout
from pcaphash.capture.delivered.pcapng import PcapngEncoder
from pcaphash.capture.ranges import split_file
from pcaphash.capture.reader import Reader
from pcaphash.capture.reported.packet_options import PacketOptions
from pcaphash.engine.rules import ReadingRules
from pcaphash.engine.census.census import CensusIdentity
from pcaphash.engine.flows.table import FlowTable
from pcaphash.engine.sampled.kept import PacketKeeper
from pcaphash.engine.replay.received import Received
from pcaphash.engine.replay.rings import Rings, Service
from pcaphash.engine.selecting.selection import Selection
from pcaphash.engine.selecting.stripping import strip_block
from pcaphash.kernels.inputs import hash_inputs, spread_by_keys, tabulate_keys, working_room
from pcaphash.kernels.toeplitz import prepare_key
from pcaphash.studies.compare import compare
from pcaphash.studies.explain import explain
from pcaphash.studies.info import info
from pcaphash.studies.shared.linear.basis import Basis
from pcaphash.studies.replay.delivery import deliver

texts = [
    pcaphash.Device(),
    pcaphash.Device("1.4", indirection_table=[1, 0], queues=2, vxlan_ports=[53], name="two"),
    pcaphash.Device(hash_types="linux", indirection_table_size=512, features="CTRL_VQ+RSS", name="l"),
    pcaphash.Device("1.4", hash_key=bytes(range(1, 80)), name="key"),
]
departing = [
    pcaphash.Device(flavor="qemu"),
    pcaphash.Device(flavor="ena-gen5"),
    pcaphash.Device(table_index="modulo", indirection_table_size=100, input_transform="symmetric-xor"),
    pcaphash.Device(
        table_index="modulo", indirection_table_size=100, input_transform="symmetric-xor", hash_key=b"k" * 40
    ),
]
for trace in sys.argv[1:]:
    for devices in (texts, departing):
        pcaphash.analyze(trace, devices)
        for device in devices:
            pcaphash.analyze(trace, device)
            pcaphash.analyze(trace, device, Selection(direction="all", encapsulation=["NONE", "UNKNOWN"]))
            pcaphash.hashes(trace, device)
            table = FlowTable(ReadingRules.of(device), 1)
            for block in Reader(trace).blocks():
                table.append(block)
                PacketOptions().read(block, 1)
            other = FlowTable(ReadingRules.of(device))
            other.combine(table)
    info(trace)
    info(trace, device=departing[0])
    explain(trace, 1, texts[0])
    explain(trace, 1, departing[0])
    for devices in (texts, departing):
        rate, every = pcaphash.Rate(1000), Selection(direction="all")
        pcaphash.replay(trace, devices[:2], pcaphash.ReplayOptions(service_ps=1000, window_ns=10**9, rate=rate), every)
        pcaphash.replay(trace, devices[:2], pcaphash.ReplayOptions(rate=rate), every)
    compare(trace, texts).baseline_rows
    compare(trace, departing).baseline_rows
    deliver(trace, texts[0], [PcapngEncoder(io.BytesIO())], comment_of=repr)
    some = Selection(direction="all", encapsulation=["NONE", "UNKNOWN"])
    deliver(trace, texts[0], [PcapngEncoder(io.BytesIO())], selection=some)
pcaphash.replay(sys.argv[1], texts)
flows = numpy.arange(8192)
Rings(1, Service(8192, 1)).run(Received(0 * flows, flows, flows, numpy.zeros(8192, "i4")))
pcap = [PcapEncoder(io.BytesIO()), PcapEncoder(io.BytesIO(), VirtioLayout(20))]
deliver(sys.argv[1], texts[0], pcap)
split_file(sys.argv[1], 60)
for trace in sys.argv[1:]:
    whole = Reader(trace)
    list(whole.walk(whole.format.walk))
keeper = PacketKeeper(1)
for block in Reader(sys.argv[1]).blocks():
    keeper.append(block, 0)
    strip_block(block, "vxlan", ReadingRules.of(texts[0]).port_types)
words, loads, slots = (numpy.ones(n, kind) for n, kind in ((9, "u4"), (2, "i8"), (8, "i8")))
for name, sizes in (("a.pcap", "campus"), ("b.pcapng", "rpc"), ("c.pcap", "zipf:1")):
    pcaphash.synth(f"{sys.argv[1]}.{name}", pcaphash.Traffic(packets=10, flow_sizes=sizes, arrivals="on-off"))
spread_by_keys(words, 1, 9, loads, tabulate_keys([b"k", b"l"], 2), 2, 2, working_room(), slots)
hash_inputs(words, 1, 9, prepare_key(b"k"), numpy.zeros(1, "u4"))
Basis().add(words.reshape(1, 9), words[:1])
"""

COUNT = """
import importlib, json, pkgutil
import pcaphash.kernels
found = {}
for module in pkgutil.iter_modules(pcaphash.kernels.__path__):
    module = importlib.import_module(f"pcaphash.kernels.{module.name}")
    for name, value in vars(module).items():
        if hasattr(value, "signatures") and not isinstance(value, type) and value.__module__ == module.__name__:
            found[name] = len(value.signatures)
print(json.dumps(found))
"""


def captures_of_all_kinds(folder: Path) -> list[Path]:
    """Write captures that EVERY_KERNEL reads, in every format and byte order."""
    packet = builders.framed(builders.ipv4(builders.udp(), 17))
    files = {
        "little.pcap": captures.pcap(captures.pcap_record(packet) * 3),
        "big.pcap": captures.pcap(captures.pcap_record(packet, order=">"), order=">", magic=captures.NANOSECONDS),
        "cooked.pcap": captures.pcap(captures.pcap_record(bytes([0, 4]) + packet) * 2, 113),
        "one.pcapng": captures.pcapng_of([(packet, 100, 1), (packet, 0, 101)]),
        "big.pcapng": captures.section(">")
        + captures.interface(order=">")
        + captures.enhanced(packet, order=">")
        + captures.simple(packet, order=">"),
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return [folder / name for name in files]


def signatures_after(program: str, *words: object) -> dict[str, int]:
    """Run a program in a process of its own, and count the signatures of each kernel after it."""
    command = [sys.executable, "-c", program + COUNT, *map(str, words)]
    result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600)
    return json.loads(result.stdout)
