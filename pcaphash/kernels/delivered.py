"""Write the packets that a device delivers: as pcapng blocks with options, or as pcap records behind a virtio_net_hdr.

Sources: draft-ietf-opsawg-pcapng sections 3.5 (options), 4.3 (Enhanced Packet Block), 4.4 (Simple Packet Block) and
appendix A (the obsolete Packet Block); draft-ietf-opsawg-pcap for records.
"""

from typing import Any

import numpy as np

from pcaphash.kernels.base import copy_bytes, kernel, load16, pointer, step, store16, store32
from pcaphash.kernels.records import INTERFACE_UNKNOWN
from pcaphash.kernels.timestamps import NO_TIMESTAMP, NS
from pcaphash.standards import packet_options as options
from pcaphash.standards import pcap
from pcaphash.standards import virtio_header as header

# What became of a packet.
LEFT_OUT = 0  # it never arrived: a selection does not take it
DELIVERED = 1
DROPPED = 2  # it arrived and found no room

# Whether all records could be written.
GOES_ON = 0  # all of them, or as many as there is room for
TIME_OUT_OF_RANGE = 1  # a record has no room for the time of the next packet

_NO_DROPS_KNOWN = 0xFFFF  # in an obsolete packet block
_HASH_LEN, _QUEUE_LEN, _DROPS_LEN = 12, 8, 12  # of options, with padding
_MOST_SECONDS = 0xFFFFFFFF


@step
def _padded(length: int) -> int:
    """Return a length with the padding to units of four bytes."""
    return (length + 3) & ~3


@step
def _is_replaced(d: Any, code: int, value: int, length: int) -> bool:
    """Tell whether an option is of those that a device reports anew."""
    if code == options.OPTION_EPB_HASH:
        return length > 0 and d[value] == options.HASH_TOEPLITZ
    return code == options.OPTION_EPB_QUEUE or code == options.OPTION_EPB_DROPCOUNT


@step
def _measure_options(d: Any, offset: int, end: int, big_endian: bool) -> tuple[int, int]:
    """Walk the options of a packet; return where their list ends, and how many bytes of it are replaced.

    It ends with the end-of-options, with one that does not fit, or with the bytes.
    """
    n_replaced = np.int64(0)
    while offset + 4 <= end:
        code = load16(d, offset, big_endian)
        length = load16(d, offset + 2, big_endian)
        value = offset + 4
        if code == pcap.OPTION_END or value + length > end:
            break
        after = min(value + _padded(length), end)
        if _is_replaced(d, code, value, length):
            n_replaced += after - offset
        offset = after
    return offset, n_replaced


@step
def _copy_options(d: Any, offset: int, end: int, big_endian: bool, out: Any, at: int) -> int:
    """Copy the options that are kept; return where the next byte goes."""
    while offset + 4 <= end:
        code = load16(d, offset, big_endian)
        length = load16(d, offset + 2, big_endian)
        after = min(offset + 4 + _padded(length), end)
        if not _is_replaced(d, code, offset + 4, length):
            copy_bytes(out, at, d, offset, after - offset)
            at += after - offset
        offset = after
    return at


@step
def _fill_zeros(out: Any, at: int, end: int) -> None:
    """Write the padding up to a place."""
    for place in range(at, end):
        out[place] = 0


@step
def _start_option(out: Any, at: int, code: int, length: int, big_endian: bool) -> int:
    """Write the code and the length of an option; return where its value goes."""
    store16(out, at, code, big_endian)
    store16(out, at + 2, length, big_endian)
    return at + 4


@step
def _write_report(out: Any, at: int, has_hash: bool, hash_value: int, n_lost: int, queue: int, big_endian: bool) -> int:
    """Write epb_hash, epb_dropcount and epb_queue; return where the next byte goes."""
    if has_hash:
        at = _start_option(out, at, options.OPTION_EPB_HASH, options.TOEPLITZ_OPTION_LEN, big_endian)
        out[at] = options.HASH_TOEPLITZ
        store32(out, at + 1, hash_value, big_endian)
        _fill_zeros(out, at + 5, at + 8)
        at += 8
    if n_lost > 0:
        at = _start_option(out, at, options.OPTION_EPB_DROPCOUNT, options.DROPCOUNT_OPTION_LEN, big_endian)
        high, low = n_lost >> 32, n_lost & 0xFFFFFFFF
        store32(out, at, high if big_endian else low, big_endian)
        store32(out, at + 4, low if big_endian else high, big_endian)
        at += 8
    if queue >= 0:
        at = _start_option(out, at, options.OPTION_EPB_QUEUE, options.QUEUE_OPTION_LEN, big_endian)
        store32(out, at, queue, big_endian)
        at += 4
    return at


@step
def _write_comment(out: Any, at: int, texts: Any, start: int, length: int, big_endian: bool) -> int:
    """Write a comment; return where the next byte goes."""
    at = _start_option(out, at, pcap.OPTION_COMMENT, length, big_endian)
    copy_bytes(out, at, texts, start, length)
    _fill_zeros(out, at + length, at + _padded(length))
    return at + _padded(length)


@step
def _interface_of(record: Any) -> int:
    """Return the interface of a packet; packets of a pcap file are of the first one."""
    interface = np.int64(record["interface"])
    return np.int64(0) if interface == INTERFACE_UNKNOWN else interface


@step
def _write_fields(d: Any, record: Any, big_endian: bool, unit_ns: int, out: Any, at: int) -> None:
    """Write what an enhanced packet block says between its length and its packet: 20 bytes.

    Packets of simple packet blocks have no time: zero stands for it.
    """
    start, kind = np.int64(record["start"]), np.int64(record["block_type"])
    if kind == pcap.ENHANCED_PACKET:
        copy_bytes(out, at, d, start + 8, 20)
    elif kind == pcap.OBSOLETE_PACKET:
        store32(out, at, np.int64(record["interface"]), big_endian)
        copy_bytes(out, at + 4, d, start + 12, 16)
    else:
        ticks = np.int64(0) if kind == pcap.SIMPLE_PACKET else np.int64(record["time_ns"]) // unit_ns
        store32(out, at, _interface_of(record), big_endian)
        store32(out, at + 4, ticks >> 32, big_endian)
        store32(out, at + 8, ticks & 0xFFFFFFFF, big_endian)
        store32(out, at + 12, np.int64(record["captured_length"]), big_endian)
        store32(out, at + 16, np.int64(record["original_length"]), big_endian)


@kernel
def write_packet_blocks(
    block: Any, records: Any, first: int, start: int, end: int, copies_between: bool,
    fates: Any, hash_values: Any, has_hash: Any, queues: Any, comments: Any, texts: Any, text_starts: Any,
    drops: Any, big_endian: bool, unit_ns: int, out: Any,
) -> tuple[int, int, int]:  # fmt: skip
    """Write packets that were delivered as pcapng blocks, and what stands between them as it is.

    A block to which nothing is added, and of which nothing is replaced, stays as it is. Others become enhanced packet
    blocks: Toeplitz epb_hash, epb_queue and epb_dropcount of their options are replaced, the rest is kept.

    Parameters
    ----------
    block : uint8 array
        Bytes of the trace.
    records : RECORD array of shape (n,)
        Its packets, in order.
    first, start : int
        The first record that was not written yet, and the first byte of the block that was not.
    end : int
        Where the bytes end that the block covers.
    copies_between : bool
        Whether to copy what stands between the records.
    fates : uint8 array of shape (n,)
        LEFT_OUT, DELIVERED or DROPPED.
    hash_values : uint32 array, has_hash : bool array, queues : int64 array, each of shape (n,)
        What is reported; a queue below 0 is not.
    comments : int32 array of shape (n,)
        Which text each packet gets as a comment; -1 for none.
    texts : uint8 array, text_starts : int64 array
        The texts one after the other, and where each starts; the last start is the end.
    drops : int64 array
        Packets that each interface dropped since it delivered one. Counted on.
    big_endian : bool
        Byte order of the section.
    unit_ns : int
        Nanoseconds in a tick of the interface that packets of pcap files get.
    out : uint8 array
        Written.

    Returns
    -------
    n_records, n_bytes : int
        The first record and the first byte that were not written, for lack of room; all are written where they are the
        number of records and ``end``.
    n_written : int
        Bytes written.
    """
    d, o, words = pointer(block), pointer(out), pointer(texts)
    room, n_block = len(out), len(block)
    at, n_out = np.int64(start), np.int64(0)
    for i in range(first, len(records)):
        record_start, record_end = np.int64(records[i]["start"]), np.int64(records[i]["end"])
        if copies_between and at < record_start:
            if n_out + record_start - at > room:
                return i, at, n_out
            copy_bytes(o, n_out, d, at, record_start - at)
            n_out += record_start - at
        at = record_start
        kind = np.int64(records[i]["block_type"])
        interface = _interface_of(records[i])
        packet, captured = np.int64(records[i]["offset"]), np.int64(records[i]["captured_length"])
        if fates[i] != DELIVERED or record_end > n_block or packet + captured > record_end:
            if fates[i] == DROPPED:
                drops[interface] += 1
            at = record_end
            continue
        has_options = kind == pcap.ENHANCED_PACKET or kind == pcap.OBSOLETE_PACKET
        options_end = record_end - 4 if has_options else np.int64(0)
        options_start = min(packet + _padded(captured), options_end) if has_options else np.int64(0)
        list_end, n_replaced = _measure_options(d, options_start, options_end, big_endian)
        n_lost = np.int64(drops[interface])
        queue = np.int64(queues[i])
        comment = np.int64(comments[i])
        text_len = np.int64(0)
        n_added = (_HASH_LEN if has_hash[i] else 0) + (_QUEUE_LEN if queue >= 0 else 0)
        if 0 <= comment < len(text_starts) - 1:
            text_len = np.int64(text_starts[comment + 1] - text_starts[comment])
            n_added += 4 + _padded(text_len)
        else:
            comment = np.int64(-1)
        if kind != 0 and n_added == 0 and n_lost == 0 and n_replaced == 0:
            if n_out + record_end - record_start > room:
                return i, at, n_out
            copy_bytes(o, n_out, d, record_start, record_end - record_start)
            n_out += record_end - record_start
            at = record_end
            continue
        if kind == pcap.OBSOLETE_PACKET:
            lost_before = load16(d, record_start + 10, big_endian)
            n_lost += 0 if lost_before == _NO_DROPS_KNOWN else lost_before
        if n_lost > 0:
            n_added += _DROPS_LEN
        n_tail = options_end - list_end
        n_ending = 4 if n_added > 0 and n_tail == 0 else 0
        n_kept = list_end - options_start - n_replaced
        size = pcap.PACKET_BLOCK_OFFSET + _padded(captured) + n_kept + n_added + n_tail + n_ending + 4
        if n_out + size > room:
            return i, at, n_out
        store32(o, n_out, pcap.ENHANCED_PACKET, big_endian)
        store32(o, n_out + 4, size, big_endian)
        _write_fields(d, records[i], big_endian, unit_ns, o, n_out + 8)
        to = n_out + pcap.PACKET_BLOCK_OFFSET
        if has_options:
            copy_bytes(o, to, d, packet, options_start - packet)
        else:
            copy_bytes(o, to, d, packet, captured)
            _fill_zeros(o, to + captured, to + _padded(captured))
        to = _copy_options(d, options_start, list_end, big_endian, o, to + _padded(captured))
        if comment >= 0:
            to = _write_comment(o, to, words, np.int64(text_starts[comment]), text_len, big_endian)
        to = _write_report(o, to, has_hash[i], np.int64(hash_values[i]), n_lost, queue, big_endian)
        copy_bytes(o, to, d, list_end, n_tail)
        _fill_zeros(o, to + n_tail, to + n_tail + n_ending)
        store32(o, n_out + size - 4, size, big_endian)
        drops[interface] = 0
        n_out += size
        at = record_end
    if copies_between and at < end:
        if n_out + end - at > room:
            return len(records), at, n_out
        copy_bytes(o, n_out, d, at, end - at)
        n_out += end - at
    return len(records), end, n_out


@kernel
def write_records(
    block: Any, records: Any, first: int, fates: Any, hash_values: Any, hash_reports: Any, hash_report_tunnels: Any,
    front: Any, has_tunnel: bool, big_endian: bool, header_len: int, unit_ns: int, keeps_times: bool, out: Any,
) -> tuple[int, int, int]:  # fmt: skip
    """Write packets that were delivered as records of a pcap file.

    Parameters
    ----------
    block, records, first, fates
        As ``write_packet_blocks`` takes them.
    hash_values : uint32 array, hash_reports : int16 array, hash_report_tunnels : int16 array, each of shape (n,)
        What is reported; a hash_report up to 0 is no hash.
    front : uint8 array
        The virtio_net_hdr to put in front of each packet, without its hash; empty for none.
    has_tunnel : bool
        Whether it has hash_report_tunnel.
    big_endian, header_len, unit_ns
        Of the file: byte order, length of a record header, nanoseconds in a unit of its fraction.
    keeps_times : bool
        Whether records of the trace have their times in the same form.
    out : uint8 array
        Written.

    Returns
    -------
    n_records, n_written, status : int
        The first record that was not written, bytes written, and GOES_ON or TIME_OUT_OF_RANGE.
    """
    d, o, before = pointer(block), pointer(out), pointer(front)
    room, n_block, n_front = len(out), len(block), np.int64(len(front))
    n_out = np.int64(0)
    for i in range(first, len(records)):
        packet, captured = np.int64(records[i]["offset"]), np.int64(records[i]["captured_length"])
        if fates[i] != DELIVERED or packet + captured > n_block:
            continue
        size = header_len + n_front + captured
        if n_out + size > room:
            return i, n_out, GOES_ON
        start = np.int64(records[i]["start"])
        if keeps_times:
            copy_bytes(o, n_out, d, start, 8)
        else:
            time_ns = np.int64(records[i]["time_ns"])
            if time_ns == NO_TIMESTAMP:
                time_ns = np.int64(0)
            seconds = time_ns // NS
            if seconds < 0 or seconds > _MOST_SECONDS:
                return i, n_out, TIME_OUT_OF_RANGE
            store32(o, n_out, seconds, big_endian)
            store32(o, n_out + 4, (time_ns - seconds * NS) // unit_ns, big_endian)
        original = min(np.int64(records[i]["original_length"]) + n_front, 0xFFFFFFFF)
        store32(o, n_out + 8, n_front + captured, big_endian)
        store32(o, n_out + 12, original, big_endian)
        to = n_out + header_len
        if header_len > pcap.RECORD_HEADER_LEN:
            if packet - start == header_len:
                copy_bytes(o, n_out + 16, d, start + 16, header_len - 16)
            else:
                _fill_zeros(o, n_out + 16, to)
        copy_bytes(o, to, before, 0, n_front)
        report = np.int64(hash_reports[i])
        if n_front >= header.WITH_HASH and report > 0:
            store32(o, to + header.HASH_VALUE, np.int64(hash_values[i]), False)
            store16(o, to + header.HASH_REPORT, report, False)
            if has_tunnel:
                o[to + header.HASH_REPORT_TUNNEL] = max(np.int64(hash_report_tunnels[i]), 0)
        copy_bytes(o, to + n_front, d, packet, captured)
        n_out += size
    return len(records), n_out, GOES_ON
