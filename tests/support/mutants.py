"""Copies of the naive reference with one rule broken, to see whether a set of packets notices.

Each mutation replaces a piece of source text that stands in a module once.
"""

# ruff: noqa: E501 - a piece of source text is one line, whatever its length

import importlib.util
import sys
import types
from dataclasses import dataclass
from pathlib import Path

NAIVE = Path(__file__).parents[1] / "naive"
ORDER = ("configuration", "frame", "link", "ip", "qemu", "hash_type", "toeplitz", "tunnel", "device")


@dataclass(frozen=True)
class Mutation:
    """A rule, and how it is broken: in a module, one piece of text is replaced by another."""

    rule: str
    module: str
    old: str
    new: str


def mutant(mutation: Mutation) -> types.ModuleType:
    """Load the reference with one rule broken; return its module ``device``, which also has ``Configuration``."""
    loaded = {"naive": types.ModuleType("naive")}
    kept = {name: module for name, module in sys.modules.items() if name.split(".")[0] == "naive"}
    try:
        for name in kept:
            del sys.modules[name]
        sys.modules["naive"] = loaded["naive"]
        loaded["naive"].__path__ = [str(NAIVE)]  # type: ignore[attr-defined]
        for name in ORDER:
            source = (NAIVE / f"{name}.py").read_text(encoding="utf-8")
            if name == mutation.module:
                assert source.count(mutation.old) == 1, f"{mutation.rule}: {source.count(mutation.old)} places"
                source = source.replace(mutation.old, mutation.new)
            spec = importlib.util.spec_from_loader(f"naive.{name}", None)
            assert spec is not None
            module = importlib.util.module_from_spec(spec)
            sys.modules[f"naive.{name}"] = module
            exec(compile(source, f"{name}.py of a mutant", "exec"), vars(module))
        return sys.modules["naive.device"]
    finally:
        for name in [name for name in sys.modules if name.split(".")[0] == "naive"]:
            del sys.modules[name]
        sys.modules.update(kept)


def _all(module: str, *rows: tuple[str, str, str]) -> list[Mutation]:
    return [Mutation(rule, module, old, new) for rule, old, new in rows]


MUTATIONS = [
    *_all(
        "frame",
        ("bytes outside the capture are not known", "        if offset + size > len(self.captured):\n            raise TruncatedError\n", ""),
        ("a field lies within the frame", "return offset + size <= self.length", "return True"),
        ("a field that does not fit is not IP", "            raise NotIpError\n        return self.read", "            raise TruncatedError\n        return self.read"),
    ),
    *_all(
        "device",
        ("a captured length above the original one counts", "Frame(captured, max(original_length, len(captured)))", "Frame(captured, original_length)"),
        ("the original length counts", "Frame(captured, max(original_length, len(captured)))", "Frame(captured, len(captured))"),
        ("inner not IP: no hash", 'if configuration.inner_miss == "outer":', "if True:"),
        ("hash_report_tunnel names the encapsulation", 'tunnel = encapsulation.name if configuration.spec == "v7" else "NONE"', 'tunnel = "NONE"'),
        ("virtio 1.4 reports no tunnel", 'tunnel = encapsulation.name if configuration.spec == "v7" else "NONE"', "tunnel = encapsulation.name"),
        ("hash_report_tunnel is NONE over the outer header", 'return answer_header(frame, outer, configuration, "outer", "NONE")\n    try', 'return answer_header(frame, outer, configuration, "outer", name_encapsulation(frame, 1, configuration))\n    try'),
        ("only enabled tunnels", "return found if found and configuration.enables_tunnel_type(found.name) else None", "return found"),
        ("tunnels are looked for", "return found if found and configuration.enables_tunnel_type(found.name) else None", "return None"),
        ("headers of tunnels are needed only if one is enabled", "    if not any(configuration.enables_tunnel_type(name) for name in possible_types(outer, configuration.spec)):\n        return None\n", ""),
        ("no hash: unclassified queue", 'None, None, configuration.unclassified_queue, reason)', 'None, None, 0, reason)'),
        ("table[hash & mask]", "value & (len(table) - 1)", "value % 127 % len(table)"),
        ("the table chooses the queue", "value, table[entry]", "value, entry % 8"),
        ("a hash of 0 is a hash", "    table = configuration.indirection_table\n", '    if value == 0:\n        return not_hashed(configuration, "no-type")\n    table = configuration.indirection_table\n'),
        ("no type: no hash", '    if hash_type is None:\n        return not_hashed(configuration, "no-type")', '    if hash_type is None:\n        return not_hashed(configuration, "not-ip")'),
        ("one level only", "        inner = read_inner(frame, encapsulation, configuration)\n", "        inner = read_inner(frame, encapsulation, configuration)\n        second = enabled_encapsulation(frame, inner, configuration)\n        inner = read_inner(frame, second, configuration) if second else inner\n"),
        ("other link types are unknown", 'except LinkTypeError:\n        return unknown("link-type")', 'except LinkTypeError:\n        return not_hashed(configuration, "not-ip")'),
        ("only types that the protocol could be are looked for", "any(configuration.enables_tunnel_type(name) for name in possible_types(outer, configuration.spec))", "(possible_types(outer, configuration.spec) and (configuration.tunnel_types or configuration.hash_types >> 9))"),
        ("draft v7 knows no IPIP", "    if not any(configuration.enables", "    if (configuration.spec, outer.protocol, outer.version) == ('v7', 4, 4) and configuration.enables_tunnel_type('GRE'):\n        return Encapsulation('GRE', 0, 0x0800, outer.payload_offset)\n    if not any(configuration.enables"),
        ("inner not IP is a reason of its own", 'not_hashed(configuration, "inner-not-ip")', 'not_hashed(configuration, "not-ip")'),
        ("what is unknown has no known report of a tunnel", '"none", "UNKNOWN", "UNKNOWN", None', '"none", "UNKNOWN", "NONE", None'),
        ("what is unknown has no known queue", '"UNKNOWN", None, None, None, reason)', '"UNKNOWN", None, None, 0, reason)'),
        ("encapsulations are named whether enabled or not", "found = find_encapsulation(frame, read_outer", "found = enabled_encapsulation(frame, read_outer"),
        ("the encapsulation of what is cut is unknown", '    except (TruncatedError, LinkTypeError):\n        return "UNKNOWN"', '    except (TruncatedError, LinkTypeError):\n        return "NONE"'),
    ),
    *_all(
        "link",
        *((f"VLAN tag {tag}", "(0x8100, 0x88A8, 0x9100)", f"tuple({{0x8100, 0x88A8, 0x9100}} - {{{tag}}})") for tag in ("0x8100", "0x88A8", "0x9100")),
        ("any number of VLAN tags", "    while ethertype in VLAN_ETHERTYPES:", "    for _ in range(2):\n        if ethertype not in VLAN_ETHERTYPES:\n            break"),
        ("a VLAN tag lies within the frame", "ethertype = big_endian(frame.read_or_not_ip(offset + 2, 2))", "ethertype = big_endian(frame.read(offset + 2, 2))"),
        ("VLAN tags after cooked headers", "return by_ethertype(frame, big_endian(frame.read_or_not_ip(14, 2)), 16)", "return version_of(big_endian(frame.read_or_not_ip(14, 2))), 16"),
        ("VLAN tags after cooked headers of version 2", "return by_ethertype(frame, big_endian(frame.read_or_not_ip(0, 2)), 20)", "return version_of(big_endian(frame.read_or_not_ip(0, 2))), 20"),
        ("LLC/SNAP is not IP", "    return version_of(ethertype), offset", "    if ethertype <= 1500:\n        return version_of(big_endian(frame.read_or_not_ip(offset + 6, 2))), offset + 8\n    return version_of(ethertype), offset"),
        ("PPPoE is not IP", "    return version_of(ethertype), offset", "    if ethertype == 0x8864:\n        return 4, offset + 8\n    return version_of(ethertype), offset"),
        ("MPLS is not IP", "    return version_of(ethertype), offset", "    if ethertype == 0x8847:\n        return 4, offset + 4\n    return version_of(ethertype), offset"),
        ("Linux cooked", "    if link_type == SLL:\n        return by_ethertype(frame, big_endian(frame.read_or_not_ip(14, 2)), 16)\n", ""),
        ("Linux cooked, version 2", "    if link_type == SLL2:\n        return by_ethertype(frame, big_endian(frame.read_or_not_ip(0, 2)), 20)\n", ""),
        ("the version nibble decides", "version = frame.read_or_not_ip(0, 1)[0] >> 4\n", "version = 4\n"),
        *((f"raw link type {number}", "RAW = (12, 14, 101, 228, 229)", f"RAW = tuple({{12, 14, 101, 228, 229}} - {{{number}}})") for number in (12, 14, 101, 228, 229)),
        *((f"address family {number}", f"{number}: {version}", f"{number + 1000}: {version}") for number, version in ((10, 6), (24, 6), (28, 6), (30, 6))),
        ("address family 2", "{2: 4,", "{1002: 4,"),
        ("either byte order of families", '("little", "big")', '("little",)'),
        ("the other byte order of families", '("little", "big")', '("big",)'),
        ("BSD loopback", "if link_type in (NULL, LOOP):", "if link_type == LOOP:"),
        ("OpenBSD loopback", "if link_type in (NULL, LOOP):", "if link_type == NULL:"),
    ),
    *_all(
        "ip",
        ("IPv4 options need not be captured", "    more_fragments_and_offset = big", "    frame.read(offset, header_length)\n    more_fragments_and_offset = big"),
        ("bodies of extension headers need not be captured", "    after = replace(packet, protocol=header[0]", "    frame.read(offset, length)\n    after = replace(packet, protocol=header[0]"),
        ("IPv4 has version 4", "header[0] >> 4 != 4 or ", ""),
        ("an IPv4 header has 20 bytes", "header_length < 20 or ", ""),
        ("an IPv4 header lies within the frame", " or not frame.holds(offset, header_length)", ""),
        ("IPv4 options are skipped", "payload_offset=offset + header_length,", "payload_offset=offset + 20,"),
        ("IPv4, first fragments", "& 0x3FFF", "& 0x1FFF"),
        ("IPv4, last fragments", "& 0x3FFF", "& 0x2000"),
        ("IPv4, the DF flag is none of fragments", "& 0x3FFF", "& 0x7FFF"),
        ("IPv4, the reserved flag is none of fragments", "& 0x3FFF", "& 0xBFFF"),
        ("20 bytes of IPv4 are needed whole", "header = frame.read_or_not_ip(offset, 20)", "header = frame.captured[offset:offset + 20].ljust(20, b'\\0') if frame.holds(offset, 20) and offset + 16 <= len(frame.captured) else frame.read_or_not_ip(offset, 20)"),
        ("40 bytes of IPv6 are needed whole", "header = frame.read_or_not_ip(offset, 40)", "header = frame.captured[offset:offset + 40].ljust(40, b'\\0') if frame.holds(offset, 40) and offset + 24 <= len(frame.captured) else frame.read_or_not_ip(offset, 40)"),
        ("8 bytes of an extension header are needed whole", "header = frame.read_or_not_ip(offset, 8)", "header = frame.read(offset, 4) if frame.holds(offset, 8) else frame.read_or_not_ip(offset, 8)"),
        ("IPv6 has version 6", "    if header[0] >> 4 != 6:\n        raise NotIpError\n", ""),
        *((f"extension header {name}", "(HOP_BY_HOP, ROUTING, FRAGMENT, AUTHENTICATION, DESTINATION_OPTIONS, MOBILITY)\n", f"tuple({{0, 43, 44, 51, 60, 135}} - {{{number}}})\n") for name, number in (("hop-by-hop", 0), ("routing", 43), ("fragment", 44), ("authentication", 51), ("destination options", 60), ("mobility", 135))),
        ("ESP ends the chain", "DESTINATION_OPTIONS, MOBILITY)\n", "DESTINATION_OPTIONS, MOBILITY, 50)\n"),
        ("no next header ends the chain", "DESTINATION_OPTIONS, MOBILITY)\n", "DESTINATION_OPTIONS, MOBILITY, 59)\n"),
        ("the Host Identity Protocol ends the chain", "DESTINATION_OPTIONS, MOBILITY)\n", "DESTINATION_OPTIONS, MOBILITY, 139)\n"),
        ("Shim6 ends the chain", "DESTINATION_OPTIONS, MOBILITY)\n", "DESTINATION_OPTIONS, MOBILITY, 140)\n"),
        ("extension headers count in units of 8 bytes, without the first", "return (length_field + 1) * 8", "return length_field * 8"),
        ("an extension header lies within the frame", "    if not frame.holds(offset, length):\n        raise NotIpError\n", ""),
        ("AH counts in units of 4 bytes", "return (length_field + 2) * 4", "return (length_field + 1) * 8"),
        ("a fragment header has 8 bytes", "    if kind == FRAGMENT:\n        return 8\n", "    if kind == FRAGMENT:\n        return 16\n"),
        ("IPv6 fragments", "return replace(after, is_fragment=True, protocol", "return replace(after, protocol"),
        ("IPv6 atomic fragments", "is_fragment=True, protocol", "is_fragment=big_endian(header[2:4]) & 0xFFF9 != 0, protocol"),
        ("a later fragment ends the chain", "protocol=None if is_later else header[0])", "protocol=header[0])"),
        ("home address: the first", "if kind == DESTINATION_OPTIONS and packet.home_address is None:", "if kind == DESTINATION_OPTIONS:"),
        ("home address: not in hop-by-hop options", "if kind == DESTINATION_OPTIONS and", "if kind in (HOP_BY_HOP, DESTINATION_OPTIONS) and"),
        ("home address: of 16 bytes", " and option_length == 16", ""),
        ("home address: its type", "option_type == HOME_ADDRESS and ", ""),
        ("home address: anywhere in the chain", "if kind == DESTINATION_OPTIONS and packet.home_address is None:", "if kind == DESTINATION_OPTIONS and not packet.has_extension:"),
        ("home address: whatever the routing header", "if kind == DESTINATION_OPTIONS and packet.home_address is None:", "if kind == DESTINATION_OPTIONS and packet.home_address is None and packet.routing_address is None:"),
        ("home address: later headers are not read", "    if kind == DESTINATION_OPTIONS and packet.home_address is None:", "    if kind == DESTINATION_OPTIONS and packet.home_address is not None:\n        find_home_address(frame, offset, length)\n    if kind == DESTINATION_OPTIONS and packet.home_address is None:"),
        ("home address: later options are not read", "            return position + 2\n", "            frame.read(position, end - position)\n            return position + 2\n"),
        ("home address: complete in its header", " and position + 18 <= end", ""),
        ("home address: the first of a header", "            return position + 2\n", "            later = find_home_address(frame, position + 16, end - position - 16)\n            return position + 2 if later is None else later\n"),
        ("Pad1 has no length", "            position += 1\n", "            position += 2\n"),
        ("PadN is skipped by its length", "        position += 2 + option_length\n", "        position += 2\n"),
        ("routing header: the first", "if kind == ROUTING and packet.routing_address is None and", "if kind == ROUTING and"),
        ("routing header: whatever the home address", "if kind == ROUTING and packet.routing_address is None and", "if kind == ROUTING and packet.routing_address is None and packet.home_address is None and"),
        ("routing header: length 2", "length == 2 and ", ""),
        ("routing header: type 2", "routing_type == 2 and ", ""),
        ("routing header: one segment left", " and segments_left == 1", ""),
        ("TCP has 20 bytes", "frame.holds(self.payload_offset, 20)", "frame.holds(self.payload_offset, 4)"),
        ("UDP has 8 bytes", "frame.holds(self.payload_offset, 8)", "frame.holds(self.payload_offset, 4)"),
        ("only ports of TCP and UDP are hashed", "if self.protocol == UDP and", "if self.protocol not in (None, TCP) and"),
        ("fragments have no ports", "        if self.is_fragment:\n            return None\n", ""),
    ),
    *_all(
        "tunnel",
        ("a fragment is no tunnel", "    if packet.is_fragment:\n        return ()\n", ""),
        ("GRE_2784", '("GRE_2784", "GRE_2890", "GRE_7676", "NVGRE")', '("GRE_2890", "GRE_7676", "NVGRE")'),
        ("draft v7 knows no GRE in UDP", 'if configuration.spec == "v7":\n        return None\n    if port', 'if configuration.spec == "v7":\n        return read_gre(frame, offset + 8, 4, configuration.spec) if port in configuration.gre_udp_ports else None\n    if port'),
        ("4 bytes of GRE are needed whole", "header = frame.read(offset, 4)", "header = frame.read(offset, 2) + frame.captured[offset + 2:offset + 4].ljust(2, b'\\0')"),
        ("8 bytes of VXLAN are needed whole", "frame.read(offset, 8)[0] & VXLAN", "frame.read(offset, 1)[0] & VXLAN"),
        ("8 bytes of GENEVE are needed whole", "header = frame.read(offset, 8)\n    version", "header = frame.read(offset, 4)\n    version"),
        ("8 bytes of VXLAN-GPE are needed whole", "header = frame.read(offset, 8)\n    if", "header = frame.read(offset, 4)\n    if"),
        ("only the ports of UDP have to be captured", "    port = big_endian(frame.read(offset + 2, 2))", "    port = big_endian(frame.read(offset, 8)[2:4])"),
        ("VLAN tags inside", "return ethernet(frame, self.inner_offset)", "return 4 if big_endian(frame.read_or_not_ip(self.inner_offset + 12, 2)) != IPV6_ETHERTYPE else 6, self.inner_offset + 14"),
        ("what is neither Ethernet nor IP is not IP", "        raise NotIpError\n", "        return frame.read_or_not_ip(self.inner_offset, 1)[0] >> 4, self.inner_offset\n"),
        ("IPIP over IPv4 only", "packet.protocol == IPIP and packet.version == 4", "packet.protocol == IPIP"),
        ("IPIP carries IPv4", 'Encapsulation("IPIP", packet.payload_offset, IPV4_ETHERTYPE,', 'Encapsulation("IPIP", packet.payload_offset, IPV6_ETHERTYPE,'),
        ("GRE has 4 bytes", "    if not frame.holds(offset, 4):\n        return None\n", ""),
        ("GRE, version 0", "flags & (GRE_VERSION | GRE_ROUTING)", "flags & GRE_ROUTING"),
        ("GRE, no routing", "flags & (GRE_VERSION | GRE_ROUTING)", "flags & GRE_VERSION"),
        *((f"GRE, {name.lower()[4:]} has 4 bytes", "(GRE_CHECKSUM, GRE_KEY, GRE_SEQUENCE) if", f"set((GRE_CHECKSUM, GRE_KEY, GRE_SEQUENCE)) - {{{name}}} if") for name in ("GRE_CHECKSUM", "GRE_KEY", "GRE_SEQUENCE")),
        ("fields of GRE lie within the frame", "    if not frame.holds(offset, length):\n        return None\n    name", "    name"),
        ("NVGRE has no sequence number", "optional = flags & (GRE_CHECKSUM | GRE_KEY | GRE_SEQUENCE)\n    if optional == GRE_KEY and", "optional = flags & (GRE_CHECKSUM | GRE_KEY | GRE_SEQUENCE)\n    if optional & (GRE_KEY | GRE_CHECKSUM) == GRE_KEY and"),
        ("NVGRE has no checksum", "optional = flags & (GRE_CHECKSUM | GRE_KEY | GRE_SEQUENCE)\n    if optional == GRE_KEY and", "optional = flags & (GRE_CHECKSUM | GRE_KEY | GRE_SEQUENCE)\n    if optional & (GRE_KEY | GRE_SEQUENCE) == GRE_KEY and"),
        ("NVGRE carries Ethernet", " and protocol == ETHERNET_ETHERTYPE", ""),
        ("NVGRE before GRE_2890", '        return "NVGRE"', '        return "GRE_2890"'),
        ("GRE_2890 has a key", "if optional & (GRE_KEY | GRE_SEQUENCE):", "if optional & GRE_SEQUENCE:"),
        ("GRE_2890 has a sequence number", "if optional & (GRE_KEY | GRE_SEQUENCE):", "if optional & GRE_KEY:"),
        ("GRE_7676 over IPv6", "outer_version == 6 or ", ""),
        ("a checksum alone makes no GRE_2890", "if optional & (GRE_KEY | GRE_SEQUENCE):", "if optional:"),
        ("GRE_7676 with IPv6 inside", " or protocol == IPV6_ETHERTYPE", ""),
        ("UDP tunnels need 8 bytes of UDP", "    if not frame.holds(offset, 8):\n        return None\n    port", "    port"),
        ("the destination port decides", "frame.read(offset + 2, 2)", "frame.read(offset, 2)"),
        ("GENEVE's port", "if port in configuration.geneve_ports:", "if False:"),
        ("VXLAN's port", "if port in configuration.vxlan_ports:", "if port in configuration.vxlan_ports[:1]:"),
        ("VXLAN's port of IANA", "if port in configuration.vxlan_ports:", "if port in configuration.vxlan_ports[1:]:"),
        ("VXLAN-GPE's port", "if port in configuration.vxlan_gpe_ports:", "if False:"),
        ("GRE-in-UDP's port", "if port in configuration.gre_udp_ports:", "if False:"),
        ("draft v7 knows no VXLAN-GPE", 'if configuration.spec == "v7":\n        return None\n    if port', 'if configuration.spec == "v7":\n        return read_vxlan(frame, offset + 8) if port in configuration.vxlan_gpe_ports else None\n    if port'),
        ("VXLAN has 8 bytes", "    if not frame.holds(offset, 8):\n        return None\n    if not frame.read(offset, 8)[0] & VXLAN", "    if not frame.read(offset, 8)[0] & VXLAN"),
        ("VXLAN has the I flag", "    if not frame.read(offset, 8)[0] & VXLAN_HAS_IDENTIFIER:\n        return None\n", ""),
        ("VXLAN's other flags are ignored", "if not frame.read(offset, 8)[0] & VXLAN_HAS_IDENTIFIER:", "if frame.read(offset, 8)[0] != VXLAN_HAS_IDENTIFIER:"),
        ("GENEVE has 8 bytes", "    if not frame.holds(offset, 8):\n        return None\n    header = frame.read(offset, 8)\n    version", "    header = frame.read(offset, 8)\n    version"),
        ("GENEVE's other bits are ignored", "if version != 0 or", "if header[1] or version != 0 or"),
        ("VXLAN-GPE has 8 bytes", "    if not frame.holds(offset, 8):\n        return None\n    header = frame.read(offset, 8)\n    if", "    header = frame.read(offset, 8)\n    if"),
        ("VXLAN-GPE's other bits are ignored", "    if not header[0] & VXLAN_HAS_IDENTIFIER:\n", "    if not header[0] & VXLAN_HAS_IDENTIFIER or header[0] & ~12:\n"),
        ("VXLAN-GPE, other next protocols are not IP", ".get(header[3])", ".get(header[3], IPV4_ETHERTYPE)"),
        ("GENEVE has version 0", "if version != 0 or", "if"),
        ("GENEVE's options lie within the frame", " or not frame.holds(offset, length)", ""),
        ("GENEVE's options are skipped", "big_endian(header[2:4]), offset + length)", "big_endian(header[2:4]), offset + 8)"),
        ("GENEVE's protocol decides", '"GENEVE", offset, big_endian(header[2:4])', '"GENEVE", offset, ETHERNET_ETHERTYPE'),
        ("VXLAN-GPE has the I flag", "    if not header[0] & VXLAN_HAS_IDENTIFIER:\n        return None\n    inner", "    inner"),
        ("VXLAN-GPE, the P flag", "if header[0] & VXLAN_HAS_NEXT_PROTOCOL:", "if True:"),
        ("VXLAN-GPE, next protocols", "if header[0] & VXLAN_HAS_NEXT_PROTOCOL:", "if False:"),
        *((f"VXLAN-GPE, next protocol {n}", f"{n}: {name}", f"{n + 100}: {name}") for n, name in ((1, "IPV4_ETHERTYPE"), (2, "IPV6_ETHERTYPE"), (3, "ETHERNET_ETHERTYPE"))),
        ("GRE in UDP is one type", 'found and replace(found, name="GRE_UDP")', "found"),
        ("0x6558 is Ethernet", "if self.inner_ethertype == ETHERNET_ETHERTYPE:", "if False:"),
        ("0x0800 is IPv4", "if self.inner_ethertype == IPV4_ETHERTYPE:", "if False:"),
        ("0x86dd is IPv6", "if self.inner_ethertype == IPV6_ETHERTYPE:", "if False:"),
    ),
    *_all(
        "hash_type",
        ("ports are needed only if they are hashed", '    ports = b""', '    _ = packet.transport(frame) and frame.read(packet.payload_offset, 4)\n    ports = b""'),
        ("extended types are for extension headers", "if packet.has_extension:", "if packet.version == 6:"),
        ("extended types", "if packet.has_extension:", "if False:"),
        ("TCP_EX and UDP_EX before IP_EX", '[f"{first}v6_EX", "IPv6_EX"] if first', '["IPv6_EX", f"{first}v6_EX"] if first'),
        ("IP_EX whatever the transport is", '[f"{first}v6_EX", "IPv6_EX"] if first', '[f"{first}v6_EX"] if first'),
        ("IP_EX without a transport", 'else ["IPv6_EX"]\n', "else []\n"),
        ("IP_EX before plain types", '[f"{first}v6_EX", "IPv6_EX"] if first', '[f"{first}v6_EX", f"{first}v6", "IPv6_EX"] if first'),
        ("plain types after extended ones", 'else ["IPv6_EX"]\n', 'else ["IPv6_EX"]\n        return names\n'),
        ("ports before addresses", '    names.append(f"IPv{packet.version}")\n    return names', '    names.insert(0, f"IPv{packet.version}")\n    return names'),
        ("addresses after ports", '    names.append(f"IPv{packet.version}")\n', ""),
        ("home address replaces the source", "        if packet.home_address is not None:", "        if False:"),
        ("routing address replaces the destination", "        if packet.routing_address is not None:", "        if False:"),
        ("plain types hash plain addresses", '    if hash_type.endswith("_EX"):', '    if packet.version == 6:'),
        ("address types hash no ports", 'b"" if hash_type.startswith("IP") else', 'b"" if not packet.transport(frame) else'),
        ("source before destination", "return source + destination + b", "return destination + source + b"),
    ),
    *_all(
        "toeplitz",
        ("bytes of a key after the 40th do not matter", "    needed = len(data) + 4\n", "    needed = len(data) + 4\n    key = key[-40:]\n"),
        ("the whole key counts", "    needed = len(data) + 4\n", "    needed = len(data) + 4\n    key = key[:16] + bytes(24)\n"),
        ("a short key is filled up with zeros", 'key[:needed].ljust(needed, b"\\0")', "(key * needed)[:needed]"),
        ("a short key is filled up, not hashed less of", "range(8 * len(data))", "range(8 * min(len(data), len(key) - 4))"),
    ),
]  # fmt: skip
