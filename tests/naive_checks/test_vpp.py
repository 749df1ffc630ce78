"""The naive reference of VPP's soft-rss agrees with VPP's own code, compiled: which bytes it hashes of which packets.

The test needs a C compiler and VPP's source; VPP_SOFT_RSS names the folder ``src/plugins/soft-rss`` of its repository.
What of that code matters is cut out of it, and what it uses of the rest of VPP is written here, the Toeplitz hash too.
"""

import os
import random
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from naive.configuration import MICROSOFT_KEY, Configuration
from naive.device import answer
from support import builders
from support.builders import IPV4, IPV6
from support.diagnosing import separating_frames

FOLDER = Path(os.environ.get("VPP_SOFT_RSS", ""))
COMPILER = shutil.which("cc")
LEAST_FRAME = 80  # bytes, so that no ports are behind a frame: there the code reads whatever stands in its memory
BITS = 0xFFFF  # of a hash that the code hands on

pytestmark = [
    pytest.mark.skipif(COMPILER is None, reason="needs a C compiler"),
    pytest.mark.skipif(not os.environ.get("VPP_SOFT_RSS"), reason="needs VPP's source, in VPP_SOFT_RSS"),
]

BEFORE = r"""
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef u16 u16u __attribute__ ((aligned (1)));
typedef u8 u8x16 __attribute__ ((vector_size (16)));
typedef u8x16 u8x16u __attribute__ ((aligned (1)));
typedef u32 u32x4 __attribute__ ((vector_size (16)));
typedef int vnet_eth_rss_type_t;
typedef u16 clib_thread_index_t;
typedef struct { u8 bytes[40]; } clib_toeplitz_hash_key_t;
typedef struct { u8 bytes[4]; } address4;
typedef struct { u8 bytes[16]; } address6;
typedef struct {
    u8 ip_version_and_header_length, tos; u16 length, fragment_id, flags_and_fragment_offset; u8 ttl, protocol;
    u16 checksum; address4 src_address, dst_address;
} __attribute__ ((packed)) ip4_header_t;
typedef struct {
    u32 ip_version_traffic_class_and_flow_label; u16 payload_length; u8 protocol, hop_limit;
    address6 src_address, dst_address;
} __attribute__ ((packed)) ip6_header_t;

#define static_always_inline static inline
#define __clib_packed __attribute__ ((packed))
#define PREDICT_TRUE(x) (x)
#define CLIB_ASSUME(x)
#define ASSERT(x)
#define ARRAY_LEN(a) (sizeof (a) / sizeof (*(a)))
#define STRUCT_OFFSET_OF(t, f) offsetof (t, f)
#define clib_host_to_net_u16(x) __builtin_bswap16 (x)
#define clib_host_to_net_u32(x) __builtin_bswap32 (x)
#define u32x4_splat(x) ((u32x4) {(x), (x), (x), (x)})
enum { IP_PROTOCOL_TCP = 6, IP_PROTOCOL_UDP = 17 };
enum { ETHERNET_TYPE_IP4 = 0x0800, ETHERNET_TYPE_IP6 = 0x86dd, ETHERNET_TYPE_VLAN = 0x8100,
       ETHERNET_TYPE_DOT1AD = 0x88a8, ETHERNET_TYPE_VLAN_9100 = 0x9100, ETHERNET_TYPE_VLAN_9200 = 0x9200 };
enum { VNET_ETH_RSS_TYPE_4_TUPLE = 1, VNET_ETH_RSS_TYPE_2_TUPLE, VNET_ETH_RSS_TYPE_SRC_IP, VNET_ETH_RSS_TYPE_DST_IP };

static u32 u32x4_sum_elts (u32x4 v) { return v[0] + v[1] + v[2] + v[3]; }
static int u8x16_is_equal (u8x16 a, u8x16 b) { return memcmp (&a, &b, 16) == 0; }
static int bit_of (const u8 *bytes, unsigned i) { return bytes[i / 8] >> (7 - i % 8) & 1; }
static u32 clib_toeplitz_hash (clib_toeplitz_hash_key_t *k, const u8 *data, unsigned length)
{
    u32 value = 0;
    for (unsigned i = 0; i < 8 * length; i++)
        for (unsigned j = 0; j < 32; j++)
            value ^= (u32) (bit_of (data, i) & bit_of (k->bytes, i + j)) << (31 - j);
    return value;
}
"""
CONFIGURE = r"""
static void configure (soft_rss_rt_data_t *rt, int type4, int type6)
{
    u8 ip4_src_off, ip4_dst_off, ip6_src_off, ip6_dst_off;
%s
}
"""
AFTER = r"""
int main (int argc, char **argv)
{
    static soft_rss_rt_data_t rt;
    clib_toeplitz_hash_key_t key;
    static u8 frame[4096];
    unsigned length, byte;
    int type = argc > 1 ? VNET_ETH_RSS_TYPE_2_TUPLE : VNET_ETH_RSS_TYPE_4_TUPLE;
    for (unsigned i = 0; i < 40 && scanf ("%2x", &byte) == 1; i++)
        key.bytes[i] = byte;
    configure (&rt, type, type);
    while (scanf ("%u", &length) == 1) {
        memset (frame, 0, sizeof frame);
        for (unsigned i = 0; i < length && scanf ("%2x", &byte) == 1; i++)
            frame[i] = byte;
        u8 *data = frame + 12;
        vlan_advance (&data);
        printf ("%04x\n", match_and_hash (rt.match4, rt.n_match4, rt.match6, rt.n_match6, &key, data));
    }
    return 0;
}
"""


def cut_out(text: str, pattern: str) -> str:
    """Cut one part out of a source."""
    found = re.search(pattern, text, re.DOTALL | re.MULTILINE)
    assert found, f"the source has changed: {pattern} is not in it"
    return found[0]


def program_text() -> str:
    """Put together the parts of VPP that decide which bytes are hashed."""
    header, main, node = ((FOLDER / name).read_text() for name in ("soft_rss.h", "main.c", "node.c"))
    kinds = "".join(
        re.findall(r"^typedef struct\n\{(?:(?!^typedef).)*?^\} soft_rss_rt_\w+;\n", header, re.DOTALL | re.M)
    )
    return "\n".join(
        [
            BEFORE,
            kinds,
            cut_out(main, r"^typedef union\n.*?soft_rss_match_template_t;\n"),
            cut_out(main, r"^static void\nsoft_rss_add_ip4_match.*?^}\n"),
            cut_out(main, r"^static void\nsoft_rss_add_ip6_match.*?^}\n"),
            CONFIGURE % cut_out(main, r"^  ip4_src_off = .*?(?=^  rt->key = )"),
            cut_out(node, r"^static_always_inline void\nvlan_advance.*?^}\n"),
            cut_out(node, r"^static_always_inline u16\nmatch_and_hash.*?^}\n"),
            AFTER,
        ]
    )


def frames() -> list[bytes]:
    """Make whole frames of every kind, and such with tags and headers at random."""
    source = random.Random(7)
    found = separating_frames()
    for _ in range(400):
        protocol = source.choice((6, 17, 1, 0, 44, 60))
        if source.randrange(2):
            packet = bytearray(builders.ipv4(source.randbytes(40), protocol, source.randbytes(4), source.randbytes(4)))
            packet[0] = source.choice((0x45, 0x45, 0x45, 0x46, 0x55, 0x44))
            packet[6:8] = source.choice((b"\0\0", b"\x40\0", b"\x20\0", b"\0\x08", b"\x80\0"))
            ethertype = IPV4
        else:
            packet = bytearray(
                builders.ipv6(source.randbytes(40), protocol, source.randbytes(16), source.randbytes(16))
            )
            packet[0] = source.choice((0x60, 0x6F, 0x60, 0x50))
            ethertype = IPV6
        tags = source.choice(([], [0x8100], [0x88A8, 0x8100], [0x9100, 0x8100], [0x9200] * 3, [0x8100] * 2, [0x88A8]))
        payload, ethertype = builders.vlan_stack(bytes(packet), ethertype, tags)
        found.append(builders.ethernet(payload, ethertype))
    return [frame.ljust(LEAST_FRAME, b"\0") for frame in found]


@pytest.mark.parametrize(("words", "hash_types"), [((), 0x03F), (("2-tuple",), 0x009)], ids=["4-tuple", "2-tuple"])
def test_naive_agrees_with_the_code_of_vpp(tmp_path, words, hash_types):
    source, program = tmp_path / "soft_rss.c", tmp_path / "soft_rss"
    source.write_text(program_text())
    command = [str(COMPILER), "-flax-vector-conversions", str(source), "-o", str(program)]
    subprocess.run(command, check=True, timeout=120)
    lines = "".join(f"{len(frame)} {frame.hex()}\n" for frame in frames())
    shown = subprocess.run(
        [str(program), *words], input=f"{MICROSOFT_KEY.hex()}\n{lines}", capture_output=True, text=True, check=True,
        timeout=120,
    ).stdout  # fmt: skip
    configuration = Configuration("v7", hash_types, flavor="vpp")
    expected = [(answer(frame, len(frame), 1, configuration).hash_value or 0) & BITS for frame in frames()]
    assert [int(line, 16) for line in shown.split()] == expected
    assert expected.count(0) > 20
