"""The naive reference of Corundum agrees with Corundum itself: its hash module, simulated.

The test needs Icarus Verilog (Debian: ``iverilog``) and Corundum's source; CORUNDUM_RTL names the folder that holds
``rx_hash.v`` (``fpga/common/rtl`` of its repository).
"""

import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from naive.configuration import MICROSOFT_KEY, Configuration
from naive.device import answer
from support import builders
from support.diagnosing import separating_frames

RTL = Path(os.environ.get("CORUNDUM_RTL", "")) / "rx_hash.v"
LEAST_FRAME = 60  # bytes, without the frame check sequence; shorter frames are padded on the wire
TYPES = {"NONE": 0b0000, "IPv4": 0b0001, "TCPv4": 0b0101, "UDPv4": 0b1001}

pytestmark = [
    pytest.mark.skipif(shutil.which("iverilog") is None, reason="needs Icarus Verilog (Debian: iverilog)"),
    pytest.mark.skipif(not os.environ.get("CORUNDUM_RTL"), reason="needs Corundum's source, in CORUNDUM_RTL"),
]

BENCH = """
`timescale 1ns / 1ps
module bench;
    parameter BYTES = 8;
    reg clk = 0, rst = 1, valid = 0, last = 0;
    reg [8*BYTES-1:0] data = 0;
    reg [BYTES-1:0] keep = 0;
    wire [31:0] hash;
    wire [3:0] kind;
    wire done;
    integer file, got, is_last;
    always #2 clk = ~clk;
    rx_hash #(.DATA_WIDTH(8*BYTES)) dut (
        .clk(clk), .rst(rst), .s_axis_tdata(data), .s_axis_tkeep(keep), .s_axis_tvalid(valid), .s_axis_tlast(last),
        .hash_key(320'h%s), .m_axis_hash(hash), .m_axis_hash_type(kind), .m_axis_hash_valid(done));
    always @(posedge clk) if (done && !rst) $display("%%h %%h", hash, kind);
    initial begin
        repeat (4) @(negedge clk);
        rst = 0;
        file = $fopen("%s", "r");
        while (!$feof(file)) begin
            got = $fscanf(file, "%%d %%h %%h\\n", is_last, keep, data);
            valid = 1; last = is_last;
            @(negedge clk);
        end
        valid = 0;
        repeat (8) @(negedge clk);
        $finish;
    end
endmodule
"""


def frames() -> list[bytes]:
    """Make whole frames of every kind, and packets at random that look like IPv4 to a NIC that checks little."""
    source = random.Random(5)
    found = separating_frames()
    for _ in range(300):
        header = bytearray(builders.ipv4(b"", source.choice((6, 17, 1)), source.randbytes(4), source.randbytes(4)))
        header[0] = source.choice((0x45, 0x45, 0x45, 0x46, 0x4F, 0x40, 0x65, 0x05))
        header[6:8] = source.choice((b"\0\0", b"\x40\0", b"\x20\0", b"\x20\x08", b"\0\x10"))
        ethertype = source.choice((0x0800, 0x0800, 0x0800, 0x86DD, 0x8100))
        found.append(builders.ethernet(bytes(header) + source.randbytes(source.randrange(60)), ethertype))
    return [frame.ljust(LEAST_FRAME, b"\0") for frame in found]


def simulate(folder: Path, width: int) -> list[tuple[int, int]]:
    """Send the frames through the module; return the hash and the hash type that it gives of each."""
    beats = folder / "beats.txt"
    with beats.open("w") as lines:
        for frame in frames():
            for at in range(0, len(frame), width):
                part = frame[at : at + width]
                is_last = at + width >= len(frame)
                lines.write(f"{int(is_last)} {(1 << len(part)) - 1:x} {int.from_bytes(part, 'little'):x}\n")
    bench, program = folder / "bench.v", folder / "bench"
    bench.write_text(BENCH % (MICROSOFT_KEY.hex(), beats))
    command = ["iverilog", "-g2005-sv", f"-Pbench.BYTES={width}", "-s", "bench", "-o", program, bench, RTL]
    subprocess.run(command, check=True, timeout=120)
    shown = subprocess.run([program], check=True, timeout=300, capture_output=True, text=True).stdout
    values = [line.split() for line in shown.splitlines() if "$finish" not in line]
    return [(int(value, 16), int(kind, 16)) for value, kind in values]


@pytest.mark.parametrize("width", [8, 32, 64])
def test_naive_agrees_with_the_simulated_module(tmp_path, width):
    configuration = Configuration("v7", 0x1FF, flavor="corundum")
    expected = [answer(frame, len(frame), 1, configuration) for frame in frames()]
    found = simulate(tmp_path, width)
    assert len(found) == len(expected)
    said = [(result.hash_value or 0, TYPES[result.hash_report]) for result in expected]
    assert found == said
    assert {kind for _, kind in said} == set(TYPES.values())
