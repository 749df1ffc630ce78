"""How results show themselves in interpreters and notebooks."""

import tempfile
from pathlib import Path

import html5lib
import pandas as pd
import pytest

import pcaphash
from pcaphash.engine.result import Result
from support.shared import ROOT

SAMPLES = ROOT / "sample_traces"
GRE, REPORTED = SAMPLES / "gre.pcap", SAMPLES / "interfaces.pcapng"
DEVICE = pcaphash.Device(queues=4)


def made_here() -> Result:
    with tempfile.TemporaryDirectory() as folder:
        return pcaphash.synth(Path(folder) / "made.pcap", pcaphash.Traffic(packets=10))


RESULTS = {
    "Analysis": lambda: pcaphash.analyze(GRE, DEVICE),
    "Comparison": lambda: pcaphash.compare(GRE),
    "Explanation": lambda: pcaphash.explain(GRE, 3, DEVICE),
    "Info": lambda: pcaphash.info(GRE),
    "KeyExamination": lambda: pcaphash.examine_key(GRE),
    "Recovery": lambda: pcaphash.recover_key(REPORTED),
    "Replay": lambda: pcaphash.replay(GRE, DEVICE, pcaphash.ReplayOptions(service_ps=1000)),
    "SavedCensus": lambda: pcaphash.census(GRE),
    "Steering": lambda: pcaphash.steer("192.0.2.1", "192.0.2.2:80", device=DEVICE),
    "Sweep": lambda: pcaphash.sweep(GRE, DEVICE),
    "Synthesis": made_here,
    "TupleHash": lambda: pcaphash.hash_tuple("192.0.2.1", "192.0.2.2", 1000, 80),
    "Tuning": lambda: pcaphash.tune(GRE, DEVICE, n_keys=3),
    "Validation": lambda: pcaphash.validate(REPORTED),
}
VERDICTS = {
    "Analysis": "; busiest queue +",
    "Comparison": "conclusion: ",
    "KeyExamination": "weaknesses: published",
    "Recovery": " key bits known",
    "Replay": "; best ",
    "Steering": "4 flows for 4 receive queues",
    "Sweep": "; best by max_ideal_packets: 0x",
    "Synthesis": "10 packets of ",
    "TupleHash": "hash 0x",
    "Tuning": "verdict: ",
    "Validation": " packets judged do not match the spec",
}


@pytest.fixture(scope="module", params=RESULTS)
def result(request):
    return request.param, RESULTS[request.param]()


def test_a_result_is_one_short_line(result):
    name, found = result
    line = repr(found)
    assert line.startswith(f"<{name}: ")
    assert "\n" not in line
    assert len(line) < 200
    assert VERDICTS.get(name, "") in line
    if name not in ("Steering", "Synthesis", "TupleHash"):
        assert "gre.pcap" in line or "interfaces.pcapng" in line
    assert "/" not in line


def test_notebooks_show_a_result_as_that_line_and_a_table(result):
    _, found = result
    page = html5lib.parse(found._repr_html_(), namespaceHTMLElements=False)
    assert "; ".join(found.facts()) == page.find(".//p").text
    table = found.main_table()
    assert len(table)
    assert [head.text for head in page.findall(".//thead//th")] == list(table)
    assert len(page.findall(".//tbody/tr")) == len(table)


def test_every_public_result_shows_itself():
    values = [getattr(pcaphash, name) for name in pcaphash.__all__]
    results = {value.__name__ for value in values if isinstance(value, type) and issubclass(value, Result)}
    assert results == set(RESULTS)


def test_names_are_text_and_not_markup():
    analysis = pcaphash.analyze(GRE, pcaphash.Device(name="<b>bold</b>"))
    shown = analysis._repr_html_()
    assert "<b>" not in shown
    assert shown.count("&lt;b&gt;bold") == 2


def test_a_trace_that_is_read_in_part_is_told(tmp_path):
    (tmp_path / "cut.pcap").write_bytes(GRE.read_bytes()[:-1])
    analysis = pcaphash.analyze([GRE, tmp_path / "cut.pcap"], DEVICE)
    assert "of gre.pcap, cut.pcap (partial: 1 problem)" in repr(analysis)
    assert len(analysis.reading.damages) == 1


def test_many_traces_and_configurations_are_counted():
    devices = [pcaphash.Device(queues=n, name=f"queues-{n}") for n in range(1, 8)]
    line = repr(pcaphash.analyze([GRE] * 7, devices))
    assert "packets of 7 traces; 7 configurations (queues-1, queues-2, queues-3, queues-4, ...)" in line


def test_missing_values_are_empty():
    class Odd(Result):
        def facts(self):
            return ["odd"]

        def main_table(self):
            return pd.DataFrame({"a": [0.123456, None]})

    assert "<td>0.1235</td>" in Odd()._repr_html_()
    assert "<td></td>" in Odd()._repr_html_()
    assert repr(Odd()) == "<Odd: odd>"
