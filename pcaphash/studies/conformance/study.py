"""Put the cases into captures, and ask what each device answers."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pcaphash.capture.reported.writer import ReportedPacket, write_pcapng
from pcaphash.device.device import Device
from pcaphash.standards import ethernet as eth
from pcaphash.standards import virtio
from pcaphash.studies.conformance import plain, tunnels
from pcaphash.studies.conformance.case import Case
from pcaphash.studies.conformance.configurations import list_devices
from pcaphash.studies.hashes import hashes

COLUMNS = (
    "encapsulation", "header", "hash_report", "hash_report_tunnel", "hash_input", "hash_value", "queue", "reason",
)  # fmt: skip
"""Columns of ``hashes`` that an answer has."""

_NAMES = {
    eth.ETHERNET: "ethernet",
    eth.LINUX_SLL: "linux-cooked",
    eth.LINUX_SLL2: "linux-cooked-v2",
    eth.NULL: "loopback-null",
    eth.LOOP: "loopback-loop",
}
_GAP_NS = 1_000_000
_START_NS = 1_672_790_400_000_000_000  # 2023-01-04, 00:00 UTC

Answer = dict[str, str | int | None]


@dataclass(frozen=True)
class JudgedCase:
    """A case in its capture, with the answer of each device.

    Parameters
    ----------
    file : str
        The capture.
    packet : int
        Its number there, counted from 1.
    case : Case
        The case.
    answers : dict of str to Answer
        By the names of the devices.
    """

    file: str
    packet: int
    case: Case
    answers: dict[str, Answer]


def list_cases() -> list[Case]:
    """Return all cases, in the order of their rules."""
    groups = (
        plain.types, plain.links, plain.headers, plain.extensions, plain.fragments, tunnels.gre, tunnels.vxlan,
        tunnels.others, plain.cuts,
    )  # fmt: skip
    return [case for group in groups for case in group()]


def write_captures(folder: Path, devices: list[Device] | None = None) -> list[JudgedCase]:
    """Write a capture for each link type, with the hashes and queues of the first device; return all answers.

    Parameters
    ----------
    folder : Path
        Where.
    devices : list of Device, optional
        Default: ``list_devices()``.
    """
    asked = list_devices() if devices is None else devices
    by_link: dict[int, list[Case]] = {}
    for case in list_cases():
        by_link.setdefault(case.link_type, []).append(case)
    judged = []
    for link_type, cases in by_link.items():
        path = folder / f"{_name_of(link_type)}.pcapng"
        with path.open("wb") as stream:
            write_pcapng(stream, _packets_of(cases, None), link_type)
        answers = [_answers_of(path, device) for device in asked]
        with path.open("wb") as stream:
            write_pcapng(stream, _packets_of(cases, answers[0]), link_type)
        for number, case in enumerate(cases):
            found = {device.name: each[number] for device, each in zip(asked, answers, strict=True)}
            judged.append(JudgedCase(path.name, number + 1, case, found))
    return judged


def _name_of(link_type: int) -> str:
    other = "raw" if link_type in eth.LINK_TYPE_NAMES else "other"
    return _NAMES.get(link_type, f"{other}-{link_type}")


def _answers_of(path: Path, device: Device) -> list[Answer]:
    rows = hashes(str(path), device)[list(COLUMNS)].to_dict("records")
    return [{str(name): _plain(value) for name, value in row.items()} for row in rows]


def _plain(value: object) -> str | int | None:
    """Return a cell as JSON has it; None where it is empty."""
    if isinstance(value, str):
        return value or None
    return int(value) if isinstance(value, int) or hasattr(value, "__index__") else None


def _packets_of(cases: list[Case], answers: list[Answer] | None) -> Iterator[ReportedPacket]:
    for number, case in enumerate(cases):
        reported: dict[str, int] = {}
        answer = answers[number] if answers else {}
        if isinstance(answer.get("queue"), int):
            reported["queue"] = int(str(answer["queue"]))
        if answer.get("hash_value") is not None:
            reported["hash_value"] = int(str(answer["hash_value"]), 16)
            reported["hash_report"] = virtio.HASH_REPORTS.index(str(answer["hash_report"]))
        yield ReportedPacket(
            case.bytes_captured, case.original_length, timestamp_ns=_START_NS + number * _GAP_NS, **reported
        )
