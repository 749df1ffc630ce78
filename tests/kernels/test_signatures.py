"""Every kernel is compiled once: one signature each, whatever was asked."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from pcaphash import kernels
from support import builders, captures

PROGRAM = """
import json, sys
import pcaphash
from pcaphash.kernels import census, records, rows, timestamps

devices = [
    pcaphash.Device(),
    pcaphash.Device("1.4", hash_key=bytes(range(1, 80)), indirection_table=[1, 0], queues=2, vxlan_ports=[53]),
    pcaphash.Device(hash_types="linux", hash_key=b"k", indirection_table_size=512, features="CTRL_VQ+RSS", name="l"),
]
for trace in sys.argv[1:]:
    pcaphash.analyze(trace, devices)
    for device in devices:
        pcaphash.analyze(trace, device)
        pcaphash.hashes(trace, device)
found = {}
for module in (census, records, rows, timestamps):
    for name, value in vars(module).items():
        if hasattr(value, "signatures") and value.py_func.__module__ == module.__name__ and not name.startswith("_"):
            found[name] = len(value.signatures)
print(json.dumps(found))
"""

KERNELS = {
    "count_packets",
    "count_pcap",
    "describe_packets",
    "index_pcap",
    "index_pcapng",
    "timestamps_pcap",
    "timestamps_pcapng",
}


@pytest.mark.jit_only
def test_each_kernel_has_one_signature(tmp_path):
    packet = builders.ethernet(builders.ipv4(builders.udp(), 17), builders.IPV4)
    files = {
        "little.pcap": captures.pcap(captures.pcap_record(packet) * 3),
        "big.pcap": captures.pcap(captures.pcap_record(packet, order=">"), order=">", magic=captures.NANOSECONDS),
        "empty.pcap": captures.pcap(),
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
    assert {name: found[name] for name in KERNELS} == dict.fromkeys(KERNELS, 1)


def test_there_is_no_other_kernel():
    found = set()
    for path in Path(kernels.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef) and "kernel" in map(ast.unparse, node.decorator_list):
                found.add(node.name)
    assert found == KERNELS
