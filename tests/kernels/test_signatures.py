"""Every kernel is compiled once, or twice where devices can depart from the texts, whatever was asked."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from pcaphash import kernels
from support import builders, captures

PROGRAM = """
import importlib, json, pkgutil, sys
import numpy, pcaphash, pcaphash.kernels
from pcaphash.capture.reader import Reader
from pcaphash.capture.reported_options import PacketOptions
from pcaphash.engine.census import Identity
from pcaphash.engine.flows import FlowTable
from pcaphash.engine.kept import PacketKeeper
from pcaphash.engine.selection import Selection
from pcaphash.engine.stripping import strip_block
from pcaphash.kernels.inputs import spread_by_keys, tabulate_keys, working_room
from pcaphash.studies.compare import compare
from pcaphash.studies.explain import explain
from pcaphash.studies.info import info
from pcaphash.studies.recover_key.basis import Basis

texts = [
    pcaphash.Device(),
    pcaphash.Device("1.4", indirection_table=[1, 0], queues=2, vxlan_ports=[53]),
    pcaphash.Device(hash_types="linux", indirection_table_size=512, features="CTRL_VQ+RSS", name="l"),
    pcaphash.Device("1.4", hash_key=bytes(range(1, 80)), name="key"),
]
departing = [
    pcaphash.Device(flavor="qemu"),
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
            table = FlowTable(Identity.of(device), 1)
            for block in Reader(trace).blocks():
                table.append(block)
                PacketOptions().read(block, 1)
    info(trace)
    info(trace, device=departing[0])
    explain(trace, 1, texts[0])
    explain(trace, 1, departing[0])
    compare(trace, texts)
    compare(trace, departing)
keeper = PacketKeeper(1)
for block in Reader(sys.argv[1]).blocks():
    keeper.append(block, 0)
    strip_block(block, "vxlan", Identity.of(texts[0]).port_types)
words, loads, slots = (numpy.ones(n, kind) for n, kind in ((9, "u4"), (2, "i8"), (8, "i8")))
spread_by_keys(words, 1, 9, loads, tabulate_keys([b"k", b"l"], 2), 2, 2, working_room(), slots)
Basis().add(words.reshape(1, 9), words[:1])
found = {}
for module in pkgutil.iter_modules(pcaphash.kernels.__path__):
    module = importlib.import_module(f"pcaphash.kernels.{module.name}")
    for name, value in vars(module).items():
        if hasattr(value, "signatures") and value.py_func.__module__ == module.__name__:
            found[name] = len(value.signatures)
print(json.dumps(found))
"""

# Kernels that know departures from the texts have a second signature for them.
KERNELS = {
    "assign_at_random": 1,
    "choose_again": 1,
    "count_flows": 1,
    "count_packets": 2,
    "count_packets_by_keys": 2,
    "count_pcap": 1,
    "describe_packets": 2,
    "eliminate": 1,
    "hash_inputs": 1,
    "index_flows": 1,
    "index_pcap": 1,
    "index_pcapng": 1,
    "keep_packets": 1,
    "locate_headers": 2,
    "read_endpoints": 2,
    "read_flow_keys": 2,
    "read_packet_options": 1,
    "read_tunnel_keys": 2,
    "recognize_suspects": 1,
    "resample_at_random": 1,
    "spread_by_keys": 1,
    "strip_packets": 1,
    "timestamps_pcap": 1,
    "timestamps_pcapng": 1,
}


@pytest.mark.jit_only
def test_each_kernel_has_its_signatures(tmp_path):
    packet = builders.ethernet(builders.ipv4(builders.udp(), 17), builders.IPV4)
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
        (tmp_path / name).write_bytes(data)
    command = [sys.executable, "-c", PROGRAM, *(str(tmp_path / name) for name in files)]
    result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    found = json.loads(result.stdout)
    assert {name: found[name] for name in KERNELS} == KERNELS


def test_there_is_no_other_kernel():
    found = set()
    for path in Path(kernels.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef) and "kernel" in map(ast.unparse, node.decorator_list):
                found.add(node.name)
    assert found == set(KERNELS)
