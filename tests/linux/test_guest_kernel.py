"""Debian's own kernel takes GENEVE, GRE and IPIP off, in a virtual machine: what it hashes then is the inner header."""

import sys
from collections import Counter
from pathlib import Path

import pytest

import pcaphash
from pcaphash import Device, Traffic
from pcaphash.capture.reported.table import ReportedTable
from pcaphash.studies.validate import validate
from support.guest import missing, run_in_guest
from support.shared import ROOT

MISSING = missing()
pytestmark = [pytest.mark.jit_only, pytest.mark.slow, pytest.mark.skipif(bool(MISSING), reason=MISSING)]

DEVICE = Device("1.4")
TUNNELS = ("GENEVE", "GRE", "GRE_2890", "GRE_UDP", "IPIP", "NVGRE", "VXLAN")
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
    assert confirmed.keys() >= {"GENEVE", "GRE_2784", "GRE_2890", "GRE_UDP", "IPIP", "NVGRE", "VXLAN"}


def run_replay(folder: Path) -> None:
    """Send ``made.pcap`` through the kernel's tunnel devices into a tap, all in the guest."""
    paths = ":".join([str(ROOT), *(path for path in sys.path if "site-packages" in path)])
    switches = f"PYTHONPATH={paths} PYTHONDONTWRITEBYTECODE=1 NUMBA_DISABLE_JIT=1"
    replay = "replay /mnt/made.pcap --spec 1.4 --into tap --decapsulate --read-hash --reported /mnt/made.csv"
    interpreter = Path(sys.executable).resolve()
    status, output = run_in_guest(["env", switches, interpreter, "-m", "pcaphash", replay], MODULES, folder)
    assert status == 0, output
