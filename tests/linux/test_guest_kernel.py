"""Debian's own kernel takes GENEVE, GRE and IPIP off, in a virtual machine: what it hashes then is the inner header."""

import sys
from collections import Counter
from pathlib import Path

import pytest

import pcaphash
from naive.capture import load
from pcaphash import Device, Traffic
from pcaphash.capture.reported.table import ReportedTable
from pcaphash.standards.ethernet import ETHERNET
from pcaphash.standards.virtio import TUNNEL_TYPES
from pcaphash.studies.validate import validate
from support.comparing import capture_paths
from support.guest import missing, run_in_guest
from support.shared import ROOT, needs_shared
from support.traffic import write

MISSING = missing()
pytestmark = [pytest.mark.jit_only, pytest.mark.slow, pytest.mark.skipif(bool(MISSING), reason=MISSING)]

DEVICE, INSIDE = Device("1.4"), Device("1.4", flavor="qemu-ebpf-inner")
TUNNELS = ("GENEVE", "GRE", "GRE_2890", "GRE_UDP", "IPIP", "NVGRE", "VXLAN", "VXLAN_GPE")
MOST_OF_A_KIND, MOST_BYTES = 75, 65535
MODULES = (
    *("veth", "tun", "vxlan", "geneve", "ip_gre", "ip6_gre", "ipip", "fou"),
    *("sch_ingress", "cls_u32", "act_mirred", "act_vlan"),
)


def test_every_inner_hash_is_what_the_kernel_gives(tmp_path):
    # Only UDP: the eBPF program takes the DF bit, which TCP sets, for a fragment (test_tap.py).
    traffic = Traffic(packets=150, tunnels=",".join(TUNNELS), udp="100%", outer_ipv6=0, snap_length=0)
    pcaphash.synth(tmp_path / "made.pcap", traffic)
    run_replay(tmp_path)
    table = tmp_path / "made.csv"
    found = validate(tmp_path / "made.pcap", DEVICE, ReportedTable(table))
    assert (found.mismatches, found.judged) == (0, 150)
    confirmed = Counter(row.encapsulation for row in pcaphash.hashes(tmp_path / "made.pcap", DEVICE).itertuples())
    assert confirmed.keys() >= {"GENEVE", "GRE_2784", "GRE_2890", "GRE_UDP", "IPIP", "NVGRE", "VXLAN", "VXLAN_GPE"}


@needs_shared
def test_tunnel_packets_of_public_captures_are_confirmed(tmp_path):
    """All with an inner hash come out, as the flavor has it; of those without IP inside, Linux takes some."""
    trace = write(tmp_path / "made.pcap", [frame for found in tunnel_frames().values() for frame in found])
    rows = pcaphash.hashes(trace, INSIDE)
    assert set(rows["encapsulation"]) >= {"GENEVE", "GRE_2784", "GRE_2890", "GRE_7676", "GRE_UDP", "IPIP", "VXLAN"}
    run_replay(tmp_path)
    found = validate(trace, INSIDE, ReportedTable(tmp_path / "made.csv"))
    assert found.mismatches == 0
    assert found.compared_hashes == (rows["hash_value"] != "").sum() >= 150


def tunnel_frames() -> dict[str, list[bytes]]:
    """Collect whole tunnel packets of the public captures, by tunnel: first those with a hash input of their own."""
    unlike: dict[str, dict[bytes, None]] = {}
    alike: dict[str, dict[bytes, None]] = {}
    known = set()
    for trace in capture_paths():
        if trace.suffix not in (".pcap", ".pcapng", ".cap"):
            continue
        for record, row in zip(load(trace).records, pcaphash.hashes(trace, INSIDE).itertuples(), strict=True):
            is_whole = record.link_type == ETHERNET and record.original_length <= len(record.captured) <= MOST_BYTES
            if is_whole and row.encapsulation in TUNNEL_TYPES:
                kind = (row.encapsulation, row.hash_input, row.original_length)
                frames = alike if kind in known else unlike
                frames.setdefault(row.encapsulation, {})[record.captured] = None
                known.add(kind)
    return {name: [*unlike[name], *alike.get(name, ())][:MOST_OF_A_KIND] for name in unlike}


def run_replay(folder: Path) -> None:
    """Send ``made.pcap`` through the kernel's tunnel devices into a tap, all in the guest."""
    paths = ":".join([str(ROOT), *(path for path in sys.path if "site-packages" in path)])
    switches = f"PYTHONPATH={paths} PYTHONDONTWRITEBYTECODE=1 NUMBA_DISABLE_JIT=1"
    replay = "replay /mnt/made.pcap --spec 1.4 --into tap --decapsulate --read-hash --reported /mnt/made.csv"
    interpreter = Path(sys.executable).resolve()
    status, output = run_in_guest(["env", switches, interpreter, "-m", "pcaphash", replay], MODULES, folder)
    assert status == 0, output
