"""The hash inputs of flows are those that packets have, with the same hashes, queues and loads."""

from collections import Counter

import pytest

from pcaphash import Device, hashes
from pcaphash.capture.reader import Reader
from pcaphash.engine.flows.inputs import find_inputs
from pcaphash.engine.flows.table import FlowTable
from pcaphash.engine.rules import ReadingRules
from support.captures import pcapng_of
from support.shared import ROOT
from support.variety import variety

DEVICES = [
    Device(hash_key="6d5a" * 20),
    Device(hash_types="linux", unclassified_queue=3, queues=5),
    Device(hash_types="addresses", indirection_table_size=64),
    Device(spec="1.4", hash_types="all", tunnel_types="all", table_index="modulo", indirection_table_size=100),
    Device(input_transform="symmetric-xor"),
    Device(input_transform="symmetric-or-xor", hash_types="base"),
    Device(flavor="qemu", hash_types="base"),
    Device(flavor="ena-gen4"),
    Device(flavor="ena-gen4", table_index="modulo", indirection_table_size=100),
    Device(flavor="ena-gen5", hash_key=bytes(range(40))),
    Device(flavor="corundum"),
    Device(flavor="vpp"),
    Device(hash_types="none"),
    Device(features="CTRL_VQ+HASH_REPORT+HASH_TUNNEL"),
    Device(inner_miss="outer"),
]


@pytest.fixture(scope="module")
def trace(tmp_path_factory):
    path = tmp_path_factory.mktemp("inputs") / "variety.pcapng"
    path.write_bytes(pcapng_of(variety() * 2))
    return path


@pytest.mark.parametrize("device", DEVICES, ids=range(len(DEVICES)))
@pytest.mark.parametrize("name", ["variety", "overlay", "ipv6-extensions", "fragments", "microsoft"])
def test_inputs_are_those_of_packets(trace, device, name):
    path = trace if name == "variety" else ROOT / "sample_traces" / f"{name}.pcap"
    table = FlowTable(ReadingRules.of(device))
    for block in Reader(str(path)).blocks():
        table.append(block)
    found = find_inputs(table.flows(), device)

    rows = hashes(path, device)
    hashed = rows[rows["hash_input"] != ""]
    packets, sizes = Counter(), Counter()
    for row in hashed.itertuples():
        packets[row.hash_input, int(row.hash_value, 16)] += 1
        sizes[row.hash_input, int(row.hash_value, 16)] += row.original_length
    data = found.words.astype(">u4").tobytes()
    inputs = [data[36 * i : 36 * i + n].hex() for i, n in enumerate(found.lengths.tolist())]
    keys = list(zip(inputs, found.hash_values.tolist(), strict=True))
    assert len(set(keys)) == len(keys)
    assert dict(zip(keys, found.loads[:, 0].tolist(), strict=True)) == packets
    assert dict(zip(keys, found.loads[:, 1].tolist(), strict=True)) == sizes
    without = rows[rows["hash_report"] == "NONE"]
    assert found.unhashed.tolist() == [len(without), int(without["original_length"].sum())]

    loads = [flows.loads for flows in table.flows()]
    queues = Counter()
    for queue, (n_packets, _) in zip(
        found.queue_of_flow.tolist(), [each for part in loads for each in part.tolist()], strict=True
    ):
        queues[queue] += n_packets
    assert queues == Counter(rows["queue"].fillna(-1).astype(int).tolist())
    of_flow = Counter()
    for number, (n_packets, _) in zip(
        found.of_flow.tolist(), [each for part in loads for each in part.tolist()], strict=True
    ):
        of_flow[number] += n_packets
    assert {number: n for number, n in of_flow.items() if number >= 0} == dict(enumerate(found.loads[:, 0].tolist()))
