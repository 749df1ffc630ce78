"""What the package shows of itself."""

import subprocess
import sys

import pandas as pd
import pytest

import pcaphash
from pcaphash.device.configs import default_configs
from support.shared import ROOT

GRE = ROOT / "sample_traces" / "gre.pcap"


def test_dir_shows_the_public_names():
    assert dir(pcaphash) == sorted(pcaphash.__all__)
    for name in pcaphash.__all__:
        assert getattr(pcaphash, name) is not None


def test_dir_is_the_same_before_and_after_names_are_loaded():
    program = (
        "import pcaphash; before = dir(pcaphash); pcaphash.Device, pcaphash.toeplitz; print(before == dir(pcaphash))"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "True\n"


PROGRAM = """
import pandas as pd

import pcaphash
from pcaphash import Analysis, Comparison, Device, Info, Recovery, Selection, Sweep, Tuning, TupleHash, Validation
from pcaphash import CaptureError, Change, KeyExamination, NothingReadableError, Replay, ReplayOptions, Steering
from pcaphash import ReportedPacket, Synthesis, Traffic

device = Device(hash_types="all", queues=4)
some = Selection(count=10)
analysis: Analysis = pcaphash.analyze("a.pcap", device, some)
comparison: Comparison = pcaphash.compare(["a.pcap", "b.pcap"], [device], window_ns=10**9)
rows: pd.DataFrame = pcaphash.hashes("a.pcap")
counted = pcaphash.census("a.pcap", device)
swept: Sweep = pcaphash.sweep("a.pcap", device)
tuned: Tuning = pcaphash.tune("a.pcap", device, n_keys=10)
found: Info = pcaphash.info("a.pcap")
validation: Validation = pcaphash.validate("a.pcapng", device)
recovery: Recovery = pcaphash.recover_key("a.pcapng")
one: TupleHash = pcaphash.hash_tuple("192.0.2.1", "192.0.2.2", device=device)
explanation = pcaphash.explain("a.pcap", 3, device)
examined: KeyExamination = pcaphash.examine_key(devices=[device])
changed = ReplayOptions(changes=[Change("inner", 10**12, device)])
replayed: Replay = pcaphash.replay("a.pcap", device, changed, rate="10Mpps")
steered: Steering = pcaphash.steer("10.0.0.1", "10.0.0.2:80", queue=3)
made: Synthesis = pcaphash.synth("a.pcap", Traffic(packets=10, vlans="20%"))
with open("a.pcapng", "wb") as stream:
    pcaphash.write_pcapng(stream, [ReportedPacket(b"", hash_value=3, queue=1)])

summary: pd.DataFrame = analysis.summary
tables: dict[str, pd.DataFrame] = comparison.tables()
conclusion: str = comparison.verdict.conclusion.value
better: Device = tuned.tuned
line: str = repr(validation)
queue: int | None = explanation.answer.queue
problems: list[str] = [f"{damage.trace}: {damage.defect.kind}" for damage in counted.reading.damages]
known: int = 0 if recovery.solution is None else recovery.solution.known_bits
shares: list[float] = swept.classes["max_ideal_packets"].tolist()
curve: pd.DataFrame = replayed.curve
every: list[pd.DataFrame] = [examined.main_table(), steered.main_table(), made.main_table()]


def unreadable(error: NothingReadableError) -> list[CaptureError]:
    return error.errors


lengths: int = 0 if found.tally is None else found.tally.n_bytes
wrong: int = validation.mismatches + "of many"
"""


@pytest.mark.slow
def test_a_program_that_uses_the_package_is_checked_strictly(tmp_path):
    (tmp_path / "program.py").write_text(PROGRAM)
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file", "", "--cache-dir", tmp_path / "cache"]
    shown = subprocess.run([*command, tmp_path / "program.py"], capture_output=True, text=True, timeout=600).stdout
    errors = [line for line in shown.splitlines() if "error:" in line]
    assert len(errors) == 1, shown
    assert "wrong: int" in PROGRAM.splitlines()[int(errors[0].split(":")[1]) - 1]


@pytest.mark.slow
def test_types_are_told_to_type_checkers(tmp_path):
    (tmp_path / "code.py").write_text(
        "import pcaphash\n"
        "found = pcaphash.hash_tuple('192.0.2.1', '192.0.2.2')\n"
        "reveal_type(found.queue)\n"
        "reveal_type(pcaphash.toeplitz(b'', b''))\n"
        "reveal_type(pcaphash.compare)\n"
    )
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--config-file",
        "",
        "--cache-dir",
        tmp_path / "cache",
        tmp_path / "code.py",
    ]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=300).stdout
    assert 'Revealed type is "int | None"' in shown.replace("builtins.", "").replace("Union[int, None]", "int | None")
    assert shown.count("Any") == 0
    assert "Comparison" in shown


def test_devices_are_the_usual_ones_if_none_are_given():
    usual = default_configs(pcaphash.Device())
    pd.testing.assert_frame_equal(pcaphash.analyze(GRE).summary, pcaphash.analyze(GRE, usual).summary)
    pd.testing.assert_frame_equal(pcaphash.hashes(GRE), pcaphash.hashes(GRE, pcaphash.Device()))
    assert pcaphash.census(GRE).census.identity == pcaphash.census(GRE, pcaphash.Device()).census.identity


def test_rows_of_a_cut_trace_say_what_is_wrong(tmp_path):
    cut = tmp_path / "cut.pcap"
    cut.write_bytes(GRE.read_bytes()[:-1])
    attributes = pcaphash.hashes(cut).attrs
    assert [attributes["damage"]] == attributes["damages"]
    assert "everything before it was read" in attributes["damage"]
    assert pcaphash.hashes(GRE).attrs == {}


def test_importing_the_package_loads_nothing_else():
    """An interruption that comes before the program runs would be told as Python tells it."""
    program = "import sys; before = set(sys.modules); import pcaphash; print(*set(sys.modules) - before)"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout == "pcaphash\n"
