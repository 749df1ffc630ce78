"""Requests of every study that runs in parts, and all that each says of traces.

``test_parts.py`` holds it complete.
"""

import io
from pathlib import Path

from pcaphash import Device
from pcaphash.engine.request import Request
from pcaphash.engine.running.run import finish
from pcaphash.engine.saved import save_census
from pcaphash.engine.selecting.selection import EVERYTHING, Selection
from pcaphash.report.analyze.write import write_analysis
from pcaphash.report.compare.write import write_comparison
from pcaphash.report.info.write import write_info
from pcaphash.report.key.write import write_examination
from pcaphash.report.sweep.write import write_sweep
from pcaphash.report.tune.write import write_tuning
from pcaphash.studies.analyze import AnalysisRequest
from pcaphash.studies.census import CensusRequest
from pcaphash.studies.compare.study import ComparisonRequest
from pcaphash.studies.info.study import InfoRequest
from pcaphash.studies.key.traffic import ExaminationRequest
from pcaphash.studies.sweep.study import SweepRequest
from pcaphash.studies.tune.study import TuningRequest

SAMPLES = sorted(path for path in Path("sample_traces").iterdir() if path.suffix in (".pcap", ".pcapng"))
DEVICES = Device(), Device(hash_key=bytes(range(40)), name="other"), Device(flavor="qemu", name="qemu")
SOME = Selection(encapsulation=["VXLAN"], direction="all")
START = "2023-01-04T00:00:00.004"
"""Shortly after most samples begin."""

REQUESTS = {
    "analyze one": (AnalysisRequest(DEVICES[:1]), write_analysis),
    "analyze": (AnalysisRequest(DEVICES), write_analysis),
    "analyze with chance": (AnalysisRequest(DEVICES, with_chance=True), write_analysis),
    "analyze some": (AnalysisRequest(DEVICES, SOME), write_analysis),
    "analyze 1.4": (AnalysisRequest((Device("1.4"), Device("1.4", tunnel_types="VXLAN"))), write_analysis),
    "analyze stripped": (AnalysisRequest(DEVICES, Selection(strip="vxlan")), write_analysis),
    "analyze an interface": (AnalysisRequest(DEVICES[:1], Selection(interface=0)), write_analysis),
    "analyze from a time": (AnalysisRequest(DEVICES[:1], Selection(start=START)), write_analysis),
    "census": (CensusRequest(DEVICES[:2]), lambda saved, _, stream: stream.write(written(saved))),
    "compare": (ComparisonRequest(DEVICES, window_ns=10**6), write_comparison),
    "compare few flows": (ComparisonRequest(DEVICES, most_flows=20), write_comparison),
    "key": (ExaminationRequest(DEVICES[:2]), write_examination),
    "info": (InfoRequest((Device("1.4"),), EVERYTHING), write_info),
    "sweep": (SweepRequest(DEVICES[:1], with_chance=True), write_sweep),
    "tune": (TuningRequest(DEVICES[:1], n_keys=4), write_tuning),
}


def written(saved):
    stream = io.BytesIO()
    save_census(saved, stream)
    return stream.getvalue().hex()


def told(request: Request, write, partial) -> str:
    """Write all that a study says, and what came of reading."""
    stream = io.StringIO()
    write(finish(request, partial), "json", stream)
    kept = partial.reading.keeper.kept()
    packets = [kept.data[at : at + n].tobytes() for at, n in kept.records[["offset", "captured_length"]].tolist()]
    return f"{stream.getvalue()} {partial.reading!r} {kept.traces.tolist()} {packets}".replace("'", '"')
