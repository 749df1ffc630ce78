"""An analysis as a document, as streams, and as files in a folder."""

import io
import json

import pandas as pd
import pytest

from pcaphash.device import Device
from pcaphash.device.configs import default_configs
from pcaphash.report.analyze.write import ANALYSIS_WRITERS, write_analysis, write_folder

DEFAULTS = default_configs(Device())


def written(analysis, format_):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="")
    write_analysis(analysis, format_, stream)
    stream.flush()
    return stream.buffer.getvalue()


def device_of(device, make_analysis):
    return json.loads(written(make_analysis([device], [1]), "json"))["configurations"][0]["device"]


@pytest.mark.parametrize("format_", ANALYSIS_WRITERS)
def test_the_names_of_traces_change_nothing(make_analysis, format_):
    one = make_analysis(DEFAULTS, [3, 4], traces=["whole.pcap"])
    two = make_analysis(DEFAULTS, [3, 4], traces=["left.census", "right.census"])
    assert written(one, format_) == written(two, format_)


@pytest.mark.parametrize("format_", ANALYSIS_WRITERS)
@pytest.mark.parametrize("numbers", [{}, {"unhashed": 3}, {"unknown": 3}])
def test_nothing_to_distribute_is_written_in_every_format(make_analysis, format_, numbers):
    assert written(make_analysis(DEFAULTS, [], **numbers), format_)


def test_numbers_are_numbers_and_lists_are_lists(make_analysis):
    device = Device(hash_types="linux+VXLAN_INNER", hash_key="00" * 40, queues=2, indirection_table=[1, 0])
    document = device_of(device, make_analysis)
    assert document["hash_types"] == {
        "mask": 0x43F,
        "names": ["IPv4", "TCPv4", "UDPv4", "IPv6", "TCPv6", "UDPv6", "VXLAN_INNER"],
    }
    assert document["queues"] == 2
    assert document["indirection_table"] == [1, 0]
    assert document["unclassified_queue"] == 0
    assert document["vxlan_port"] == [4789, 8472]
    assert document["key"] == "00" * 40
    assert document["features"] == ["CTRL_VQ", "MQ", "HASH_TUNNEL", "HASH_REPORT", "RSS"]


def test_every_device_has_the_same_keys(make_analysis):
    under_v7 = device_of(Device(), make_analysis)
    ratified = device_of(Device("1.4", tunnel_types="VXLAN+IPIP"), make_analysis)
    without_rss = device_of(Device(features="CTRL_VQ+HASH_REPORT"), make_analysis)
    assert list(under_v7) == list(ratified) == list(without_rss)
    assert ratified["tunnel_types"] == {"mask": 0x90, "names": ["VXLAN", "IPIP"]}
    absent = {key for key, value in under_v7.items() if value is None}
    assert absent == {"tunnel_types", "vxlan_gpe_port", "gre_udp_port"}
    assert {key for key, value in without_rss.items() if value is None} == {
        *absent,
        "indirection_table",
        "table_index",
        "unclassified_queue",
    }


def test_link_types_are_named(make_analysis):
    analysis = make_analysis(DEFAULTS, [1])
    analysis.reading.link_types.update({65000: 2, 105: 3})
    assert json.loads(written(analysis, "json"))["link_types"] == [
        {"link_type": 1, "name": "ETHERNET", "packets": 1},
        {"link_type": 105, "name": "IEEE802_11", "packets": 3},
        {"link_type": 65000, "name": None, "packets": 2},
    ]


def test_measures_without_load_are_null(make_analysis):
    (row, *_) = json.loads(written(make_analysis(DEFAULTS, []), "json"))["summary"]
    assert row["jain_packets"] is None
    assert row["queues_used"] == 0


@pytest.mark.parametrize("format_", ["csv", "parquet"])
def test_folders_hold_parquet_only_where_asked_for(make_analysis, tmp_path, format_):
    analysis = make_analysis(DEFAULTS, [3, 4])
    paths = write_folder(analysis, tmp_path / "new", format_)
    assert sorted(path.name for path in paths) == sorted(path.name for path in (tmp_path / "new").iterdir())
    suffixes = {"csv": ["csv", "csv", "png"], "parquet": ["csv", "csv", "parquet", "parquet", "png"]}
    assert sorted(path.suffix[1:] for path in paths) == suffixes[format_]
    assert (tmp_path / "new" / "distribution.csv").read_bytes() == written(analysis, "csv")
    if format_ == "parquet":
        for name, table in (("distribution", analysis.distribution), ("summary", analysis.summary)):
            pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "new" / f"{name}.parquet"), table)
