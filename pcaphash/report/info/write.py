"""Write what traces hold: its formats, and the document of it."""

from dataclasses import asdict
from typing import TYPE_CHECKING, TextIO

from pcaphash.capture.damage_words import defect_text, problem_text
from pcaphash.report.formats.writers import Writers, as_document
from pcaphash.report.words.problems import damage_document, problem_documents
from pcaphash.report.words.suspicion import suspect_document
from pcaphash.report.words.values import link_type_name

if TYPE_CHECKING:
    from pcaphash.capture.damage import Damage
    from pcaphash.engine.reading import Reading
    from pcaphash.engine.sampled.directions import BothWays
    from pcaphash.studies.info import Info, SavedFacts, Times, TraceFile


def write_info(info: "Info", format_: str, stream: TextIO, is_verbose: bool = False) -> None:
    """Write what traces hold.

    Parameters
    ----------
    info : Info
        The results.
    format_ : str
        One of the formats of ``INFO_WRITERS``.
    stream : text stream
        A terminal, whose width is kept to, or anything else.
    is_verbose : bool
        Whether the text says of each of several files what it says of one.
    """
    INFO_WRITERS[format_]((info, is_verbose), stream)


def _show(asked: "tuple[Info, bool]", stream: TextIO) -> None:
    from pcaphash.report.info.text import show_info

    info, is_verbose = asked
    show_info(info, stream, is_verbose)


def _document(asked: "tuple[Info, bool]") -> dict[str, object]:
    info, _ = asked
    reading, tally, tunnels, reported = info.reading, info.tally, info.tunnels, info.reported
    return {
        "partial": reading.is_partial,
        "problems": list(map(problem_text, reading.problems)),
        "problem_facts": problem_documents(reading.problems),
        "files": [_file_document(file) for file in info.files],
        "saved_censuses": [_saved_document(saved) for saved in info.saved],
        "packets": reading.packets,
        "left_out": dict(sorted(reading.left_out.items())),
        "stopped": reading.is_stopped,
        "selected": {"packets": info.packets, "bytes": info.n_bytes},
        "link_types": _link_types(reading.link_types),
        "time": None if tally is None else _time_document(tally.times),
        "lengths": None
        if tally is None
        else {
            "packets": tally.packets,
            "bytes": tally.n_bytes,
            "captured_bytes": tally.captured_bytes,
            "cut": tally.cut,
            "implausible": tally.implausible,
            "oversized": tally.oversized,
            "longest": tally.longest,
        },
        "directions": None if tally is None else tally.directions,
        "both_ways": None if reading.both_ways is None else _both_ways_document(reading.both_ways, reading),
        "repeated": None if reading.repeated is None else asdict(reading.repeated),
        "encapsulations": [each.row() for each in info.encapsulations],
        "tunnels": None
        if tunnels is None
        else {
            "kept": tunnels.kept,
            "kept_share": tunnels.kept_share,
            "heaviest": [each.row() for each in tunnels.heaviest],
        },
        "suspected_tunnels": [suspect_document(each) for each in info.suspects],
        "reasons": info.reasons,
        "reported": None
        if reported is None
        else {"hashes": reported.hashes, "queues": reported.queues, "algorithms": reported.algorithms},
    }


def _both_ways_document(found: "BothWays", reading: "Reading") -> dict[str, object]:
    return {
        "share": found.share,
        "hosts": list(found.hosts),
        "is_open": found.is_open,
        "are_macs": found.are_macs,
        "traces": [
            {"trace": reading.names[(each.trace,)], "hosts": list(each.hosts), "is_mac": each.is_mac}
            for each in found.traces
        ],
        "is_everywhere": found.is_everywhere,
    }


def _link_types(link_types: dict[int, int]) -> list[dict[str, object]]:
    return [
        {"link_type": link_type, "name": link_type_name(link_type), "packets": n_packets}
        for link_type, n_packets in sorted(link_types.items())
    ]


def _time_document(times: "Times") -> dict[str, int | None]:
    return {
        "first_ns": times.first,
        "last_ns": times.last,
        "duration_ns": times.duration,
        "without_time": times.without_time,
        "out_of_order": times.out_of_order,
    }


def _file_document(file: "TraceFile") -> dict[str, object]:
    headers = file.headers
    return {
        "trace": file.trace,
        "format": headers.format,
        "byte_order": file.byte_order or None,
        "compression": file.compression,
        "stored_bytes": file.stored_bytes,
        "packets": file.packets,
        "sections": headers.n_sections,
        "n_interfaces": headers.n_interfaces,
        "interfaces": [
            {
                "section": each.section,
                "interface": each.number,
                "byte_order": each.byte_order,
                "name": each.name or None,
                "description": each.description or None,
                "link_type": each.link_type,
                "link_type_name": link_type_name(each.link_type),
                "snap_length": each.snap_length or None,
                "resolution_base": each.resolution_base,
                "resolution_exponent": each.resolution_exponent,
            }
            for each in headers.interfaces
        ],
        "time": _time_document(file.times),
        "damage": None if file.damage is None else _damage_document(file.damage),
    }


def _damage_document(damage: "Damage") -> dict[str, object]:
    return {**damage_document(damage), "problem": defect_text(damage.defect)}


def _saved_document(saved: "SavedFacts") -> dict[str, object]:
    identity, reading = saved.identity, saved.reading
    return {
        "path": saved.path,
        "version": identity.version,
        "hash_keys": [key.hex() for key in identity.hash_keys],
        "vxlan_port": list(identity.rules.vxlan_ports),
        "geneve_port": list(identity.rules.geneve_ports),
        "vxlan_gpe_port": list(identity.rules.vxlan_gpe_ports),
        "gre_udp_port": list(identity.rules.gre_udp_ports),
        "table_index": identity.table_index,
        "flavor": identity.rules.flavor,
        "input_transform": identity.input_transform,
        "slots": identity.slots,
        "traces": reading.traces,
        "packets": reading.packets,
        "left_out": dict(sorted(reading.left_out.items())),
        "stopped": reading.is_stopped,
        "selected": {"packets": saved.packets, "bytes": saved.n_bytes},
        "link_types": _link_types(reading.link_types),
        "problems": list(map(problem_text, reading.problems)),
        "problem_facts": problem_documents(reading.problems),
    }


INFO_WRITERS: "Writers[tuple[Info, bool]]" = {"table": _show, "json": as_document(_document)}
"""Text for readers, or everything as one document; the second value says whether the text is verbose."""
