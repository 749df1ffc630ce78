"""Write the conformance set into a folder: captures, answers as JSON, and a table of the packets."""

import json
from pathlib import Path

from pcaphash.device.device import Device
from pcaphash.device.payloads.options import encode_hash_tunnel_set, encode_rss_config
from pcaphash.report.documents import device_document
from pcaphash.studies.conformance import COLUMNS, JudgedCase, given_key, list_devices, write_captures

ANSWERS, README = "answers.json", "README.md"

_TEXT = """\
# Conformance set

{packets} packets that cover every rule of the inner header hash: each hash type, tunnel, extension header, fragment and
VLAN tag, the precedence of the types, what is almost valid, and what a capture cut. For each packet there is the answer
of {configurations} configurations of a device, under draft v7 of "virtio-net: support inner header hash" and under
virtio 1.4. No program is needed to use it: feed the packets to a driver, a device model or a parser, and compare.

    pcaphash synth --conformance sample_traces/conformance

writes these files, the same bytes every time. `pcaphash explain FILE --packet N` shows how an answer comes about.

- The `.pcapng` files hold the packets, one file for each link type. Each packet has the hash (`epb_hash`, Toeplitz) and
  the receive queue (`epb_queue`) of the configuration `{first}` as options; a packet without a hash has only the queue,
  and one whose answer is unknown has neither.
- `answers.json` has `configurations` (each with its `device` and the payloads of the commands RSS_CONFIG and, under
  virtio 1.4, HASH_TUNNEL_SET, in hexadecimal digits), `columns` (what an answer consists of), and `packets` (each with
  its `file`, its number there, `name`, `rule`, lengths, `bytes`, and `answers` by configuration; `null` is an empty
  column).

In an answer, `header` is the header whose fields are hashed. `NONE` is no hash: the packet goes to the unclassified
queue. `UNKNOWN` is what the captured bytes do not tell.

## Configurations

| Name | Spec | hash_types | enabled_tunnel_types | Key | Table | unclassified_queue |
| --- | --- | --- | --- | --- | --- | --- |
{devices}

Most hash inputs need a longer key than that of `v7-filled-key`. No spec says what a device does then. Here, the bytes
that are missing are zeros, as in a device whose key was never set before.

## Packets

The last columns are the answer of `{first}`.

| File | Packet | What it is | Rule | Header | hash_report | hash_report_tunnel | Hash | Queue |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
{rows}
"""


def write_conformance(folder: Path) -> list[Path]:
    """Write the conformance set.

    Parameters
    ----------
    folder : Path
        It exists.

    Returns
    -------
    list of Path
        The files written.
    """
    devices = list_devices()
    judged = write_captures(folder, devices)
    (folder / ANSWERS).write_text(_answers_text(devices, judged), encoding="utf-8")
    (folder / README).write_text(_readme_text(devices, judged), encoding="utf-8")
    return [folder / name for name in dict.fromkeys([*(each.file for each in judged), ANSWERS, README])]


def _answers_text(devices: list[Device], judged: list[JudgedCase]) -> str:
    """Return the answers, with a line for each configuration and for each packet."""

    def lines(rows: list[str]) -> str:
        return ",\n".join(f"    {row}" for row in rows)

    configurations = [f"{json.dumps(device.name)}: {json.dumps(_configuration(device))}" for device in devices]
    packets = [json.dumps(_packet(each)) for each in judged]
    columns = json.dumps(list(COLUMNS))
    return (
        f'{{\n  "configurations": {{\n{lines(configurations)}\n  }},\n  "columns": {columns},\n'
        f'  "packets": [\n{lines(packets)}\n  ]\n}}\n'
    )


def _configuration(device: Device) -> dict[str, object]:
    commands = {"rss_config": encode_rss_config(device, given_key(device)).hex()}
    if device.profile.tunnel_types:
        commands["hash_tunnel_set"] = encode_hash_tunnel_set(device).hex()
    return {"device": device_document(device), **commands}


def _packet(each: JudgedCase) -> dict[str, object]:
    case = each.case
    return {
        "file": each.file,
        "packet": each.packet,
        "name": case.name,
        "rule": case.rule,
        "link_type": case.link_type,
        "captured_length": len(case.bytes_captured),
        "original_length": case.original_length,
        "bytes": case.bytes_captured.hex(),
        "answers": {name: [answer[column] for column in COLUMNS] for name, answer in each.answers.items()},
    }


def _readme_text(devices: list[Device], judged: list[JudgedCase]) -> str:
    first = devices[0].name
    return _TEXT.format(
        packets=len(judged),
        configurations=len(devices),
        first=first,
        devices="\n".join(map(_device_row, devices)),
        rows="\n".join(_row(each, first) for each in judged),
    )


def _device_row(device: Device) -> str:
    table = f"{len(device.indirection_table)} entries, {device.queues} queues"
    key = given_key(device)
    filled = "" if key == device.hash_key else ", filled up with zeros"
    cells = (
        f"`{device.name}`", device.spec, device.hash_types_text or "none", device.tunnel_types_text or "-",
        f"{len(key)} bytes, {key[:4].hex()}...{filled}", table, str(device.unclassified_queue),
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _row(each: JudgedCase, first: str) -> str:
    answer = each.answers[first]
    names = ("header", "hash_report", "hash_report_tunnel", "hash_value", "queue")
    cells = ["" if answer[name] is None else str(answer[name]) for name in names]
    place = each.file.removesuffix(".pcapng"), str(each.packet)
    return f"| {' | '.join([*place, each.case.name, each.case.rule, *cells])} |"
