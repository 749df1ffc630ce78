"""What is shown of tuning: settings that a reader can take over, and plain words if there are none."""

import io
from dataclasses import replace

import pytest

from pcaphash import Device, hashes
from pcaphash.errors import Command
from pcaphash.report.tune.words import headline, put_into_words, setting_lines, table_lines
from pcaphash.report.tune.write import write_tuning
from pcaphash.studies.shared.chance.trials import Interval
from pcaphash.studies.tune import tune
from pcaphash.studies.tune.tables import TableTrial
from pcaphash.studies.tune.verdict import Halves, JudgedKeys, Little, TuningConclusion, TuningVerdict
from support.traffic import flows, plain, write


@pytest.fixture(scope="module")
def tuning(tmp_path_factory):
    trace = write(tmp_path_factory.mktemp("tuning") / "many.pcapng", [plain(flow) for flow in flows(100)])
    return tune(trace, Device(queues=2, indirection_table_size=8), n_keys=10)


def with_tables(tuning, rebalanced, weighted):
    return replace(
        tuning,
        rebalanced=replace(tuning.rebalanced, table=rebalanced),
        weighted=TableTrial(weighted, -1.0, -1.0),  # better than anything
    )


def test_a_table_that_ethtool_has_is_given_to_it(tuning):
    runs = with_tables(tuning, (0, 0, 0, 1, 1, 1, 1, 1), (0, 0, 1, 1, 1, 1, 1, 1))
    assert setting_lines(runs)[0] == "Linux: ethtool -X IF weight 3 5"
    assert not any("cannot" in line for line in setting_lines(runs))


def test_a_table_that_ethtool_has_not_is_said_to_be_so(tuning):
    other = with_tables(tuning, (0, 1, 1, 0, 0, 1, 1, 1), (0, 0, 1, 1, 1, 1, 1, 1))
    line, lacks, instead, payload = setting_lines(other)
    assert line == "Linux: ethtool -X IF weight 2 6"
    assert "The weights above come closest" in lacks
    assert "ETHTOOL_SRSSH" in instead
    assert payload.endswith(other.rss_config.hex())


def test_weights_that_are_no_improvement_are_not_proposed(tuning):
    other = with_tables(tuning, (0, 1, 1, 0, 0, 1, 1, 1), (0, 0, 1, 1, 1, 1, 1, 1))
    other = replace(other, weighted=replace(other.weighted, whole=9.0))
    assert setting_lines(other)[0].startswith("ethtool -X cannot set the rebalanced table")
    # Nor if they are one only on the flows they were made from.
    other = replace(other, weighted=replace(other.weighted, whole=-1.0, judged=9.0))
    assert setting_lines(other)[0].startswith("ethtool -X cannot set the rebalanced table")


def test_tables_are_shown_with_what_they_give_elsewhere(tuning):
    shown = replace(tuning, rebalanced=replace(tuning.rebalanced, whole=0.125, judged=0.5))
    first = table_lines(shown)[0]
    begins = "rebalanced table: the busiest receive queue is 12.5% above the ideal share on all flows (current table: "
    assert first.startswith(begins)
    assert "from one half of the flows, that is 50.0% on the other half (current table: " in first


def test_a_table_that_leaves_out_queues_is_told_first(tmp_path):
    trace = write(tmp_path / "many.pcapng", [plain(flow) for flow in flows(100)])
    words = put_into_words(tune(trace, Device(queues=4, indirection_table=[0, 1, 1, 0] * 4), n_keys=10))
    assert words.headline.startswith("The indirection table uses only 2 of 4 receive queues: unless that is intended, ")
    assert words.settings[0] == "Linux: ethtool -X IF equal 4"
    assert words.settings[1].endswith("The command above uses all receive queues.")
    assert not any("uses only" in line for line in words.cautions)


def test_a_table_that_no_default_table_equals_is_marked_among_the_sizes(tmp_path):
    trace, stream = write(tmp_path / "many.pcapng", [plain(flow) for flow in flows(100)]), io.StringIO()
    write_tuning(tune(trace, Device(queues=4, indirection_table=[0, 1, 1, 0] * 4), n_keys=10), "table", stream)
    sizes = stream.getvalue().partition("table sizes")[2].splitlines()
    assert [line.split()[:2] for line in sizes if "(given)" in line] == [["16", "(given)"]]
    assert [line.split()[:2] for line in sizes if "(even)" in line] == [["16", "(even)"]]


@pytest.mark.jit_only
def test_inputs_are_to_blame_where_no_key_and_no_table_helps(tmp_path):
    some = [plain(flow) for flow in flows(40)]
    queues = hashes(write(tmp_path / "some.pcapng", some), Device(queues=4))["queue"].tolist()
    elsewhere = [packet for packet, queue in zip(some, queues, strict=True) if queue != queues[0]]
    trace = write(tmp_path / "few.pcapng", [some[0]] * 4000 + elsewhere)
    words = put_into_words(tune(trace, Device(queues=4), n_keys=10))
    assert words.headline.endswith(f"so the hash inputs are to blame: {Command('compare')} shows why.")
    assert words.settings == []
    assert words.tables[0].startswith("table: no other one is better")


@pytest.mark.parametrize(
    ("best", "said"),
    [
        (0.12, "The best key tried gives 12.0%: the difference may be chance."),
        (0.05, "A key chosen for these flows may not suit others."),
        (0.4, "A key chosen for these flows may not suit others."),
    ],
)
def test_a_better_key_within_the_range_of_ideal_hashes_is_no_gain(best, said):
    facts = JudgedKeys(
        "max_ideal_packets", Halves(0.2, 0.3), Halves(0.1, best), 0.1, Interval(0.1, 0.38), 60.0, 0.4, Little.AS_CHANCE
    )
    assert headline(TuningVerdict(TuningConclusion.LITTLE, facts)).endswith(
        f"95 of 100 ideal hashes give 10.0% to 38.0%. {said}"
    )


def test_flows_left_out_are_told(tuning):
    stream = io.StringIO()
    write_tuning(replace(tuning, kept_share=0.25), "table", stream)
    assert "About 25.0% of all flows are kept" in stream.getvalue()
    assert "All tables of 2 to 512 entries spread these flows alike." in stream.getvalue()
