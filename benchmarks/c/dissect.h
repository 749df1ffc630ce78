/*
 * Dissect one Ethernet frame down to what receive-side scaling hashes.
 *
 * The device is a virtio-net device of the inner header hash draft v7 with every hash type and every tunnel type
 * enabled: GRE, VXLAN and GENEVE packets are hashed over their inner header, all others over their only one.
 * What was captured is taken for the whole frame; no byte past its end is read.
 */
#ifndef DISSECT_H
#define DISSECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_VLAN = 0x8100,
	ETHERTYPE_SERVICE_VLAN = 0x88A8,
	ETHERTYPE_OLD_SERVICE_VLAN = 0x9100,
	ETHERTYPE_IPV6 = 0x86DD,
	PROTOCOL_ETHERNET = 0x6558, /* in GRE and GENEVE */
};

enum {
	HOP_BY_HOP = 0,
	TCP = 6,
	UDP = 17,
	ROUTING = 43,
	FRAGMENT = 44,
	GRE = 47,
	AUTHENTICATION = 51,
	DESTINATION_OPTIONS = 60,
	MOBILITY = 135,
	NO_PROTOCOL = -1, /* of fragments */
};

enum {
	VXLAN_PORT = 4789,
	VXLAN_PORT_LINUX = 8472,
	GENEVE_PORT = 6081,
};

/* An IP header, and where its payload starts. */
struct ip_header {
	const uint8_t *source;
	const uint8_t *destination;
	const uint8_t *payload;
	int version;
	int protocol;
};

/* What is hashed: addresses of 4 (IPv4) or 16 bytes, and the two ports, or NULL. */
struct hash_input {
	const uint8_t *source;
	const uint8_t *destination;
	const uint8_t *ports;
	int version;
};

static inline unsigned load16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static inline bool has(const uint8_t *p, const uint8_t *end, size_t size)
{
	return (size_t)(end - p) >= size;
}

static inline bool read_ipv4(const uint8_t *p, const uint8_t *end, struct ip_header *header)
{
	if (!has(p, end, 20))
		return false;
	size_t length = (size_t)(p[0] & 15) * 4;
	if (p[0] >> 4 != 4 || length < 20 || !has(p, end, length))
		return false;
	header->version = 4;
	header->source = p + 12;
	header->destination = p + 16;
	header->payload = p + length;
	header->protocol = load16(p + 6) & 0x3FFF ? NO_PROTOCOL : p[9];
	return true;
}

static inline bool is_extension(int protocol)
{
	return protocol == HOP_BY_HOP || protocol == ROUTING || protocol == FRAGMENT || protocol == AUTHENTICATION ||
	       protocol == DESTINATION_OPTIONS || protocol == MOBILITY;
}

/* RFC 6275 section 6.3: the address of the first complete home address option, or NULL. */
static const uint8_t *find_home_address(const uint8_t *p, const uint8_t *end)
{
	while (p < end) {
		if (p[0] == 0) {
			p++;
			continue;
		}
		if (!has(p, end, 2) || !has(p + 2, end, p[1]))
			return NULL;
		if (p[0] == 0xC9 && p[1] == 16)
			return p + 2;
		p += 2 + p[1];
	}
	return NULL;
}

/* RFC 8200 section 4. Not inlined: few packets have extension headers. */
static __attribute__((noinline)) bool read_extensions(const uint8_t *end, struct ip_header *header)
{
	const uint8_t *p = header->payload;
	const uint8_t *home_address = NULL;
	const uint8_t *routing_address = NULL;
	int protocol = header->protocol;
	bool fragment = false;

	while (is_extension(protocol)) {
		if (!has(p, end, 8))
			return false;
		size_t length = ((size_t)p[1] + 1) * 8;
		if (protocol == FRAGMENT)
			length = 8;
		else if (protocol == AUTHENTICATION)
			length = ((size_t)p[1] + 2) * 4;
		if (!has(p, end, length))
			return false;
		int next = p[0];
		if (protocol == FRAGMENT) {
			fragment = true;
			if (load16(p + 2) >> 3)
				next = NO_PROTOCOL;
		} else if (protocol == DESTINATION_OPTIONS && !home_address) {
			home_address = find_home_address(p + 2, p + length);
		} else if (protocol == ROUTING && !routing_address && p[1] == 2 && p[2] == 2 && p[3] == 1) {
			routing_address = p + 8;
		}
		protocol = next;
		p += length;
	}
	if (home_address)
		header->source = home_address;
	if (routing_address)
		header->destination = routing_address;
	header->payload = p;
	header->protocol = fragment ? NO_PROTOCOL : protocol;
	return true;
}

static inline bool read_ipv6(const uint8_t *p, const uint8_t *end, struct ip_header *header)
{
	if (!has(p, end, 40) || p[0] >> 4 != 6)
		return false;
	header->version = 6;
	header->source = p + 8;
	header->destination = p + 24;
	header->payload = p + 40;
	header->protocol = p[6];
	if (!is_extension(header->protocol))
		return true;
	return read_extensions(end, header);
}

static inline bool read_network(unsigned ethertype, const uint8_t *p, const uint8_t *end, struct ip_header *header)
{
	if (ethertype == ETHERTYPE_IPV4)
		return read_ipv4(p, end, header);
	if (ethertype == ETHERTYPE_IPV6)
		return read_ipv6(p, end, header);
	return false;
}

static inline bool read_ethernet(const uint8_t *p, const uint8_t *end, struct ip_header *header)
{
	if (!has(p, end, 14))
		return false;
	unsigned ethertype = load16(p + 12);
	p += 14;
	while (ethertype == ETHERTYPE_VLAN || ethertype == ETHERTYPE_SERVICE_VLAN ||
	       ethertype == ETHERTYPE_OLD_SERVICE_VLAN) {
		if (!has(p, end, 4))
			return false;
		ethertype = load16(p + 2);
		p += 4;
	}
	return read_network(ethertype, p, end, header);
}

static inline bool read_inner(unsigned protocol, const uint8_t *p, const uint8_t *end, struct ip_header *header)
{
	if (protocol == PROTOCOL_ETHERNET)
		return read_ethernet(p, end, header);
	return read_network(protocol, p, end, header);
}

/*
 * Where the payload is a tunnel, replace the header by the inner one.
 * Returns false where the inner packet is not IP.
 */
static inline bool enter_tunnel(const uint8_t *end, struct ip_header *header)
{
	const uint8_t *p = header->payload;

	if (header->protocol == GRE) { /* RFC 2784, RFC 2890 */
		if (!has(p, end, 4))
			return true;
		unsigned flags = load16(p);
		size_t length = 4 + 4 * ((flags >> 15 & 1) + (flags >> 13 & 1) + (flags >> 12 & 1));
		if (flags & 0x4007 || !has(p, end, length))
			return true;
		return read_inner(load16(p + 2), p + length, end, header);
	}
	if (header->protocol != UDP || !has(p, end, 8 + 8))
		return true;
	unsigned port = load16(p + 2);
	p += 8;
	if (port == VXLAN_PORT || port == VXLAN_PORT_LINUX) { /* RFC 7348 section 5 */
		if (!(p[0] & 0x08))
			return true;
		return read_ethernet(p + 8, end, header);
	}
	if (port == GENEVE_PORT) { /* RFC 8926 section 3.4 */
		size_t length = 8 + (size_t)(p[0] & 0x3F) * 4;
		if (p[0] >> 6 != 0 || !has(p, end, length))
			return true;
		return read_inner(load16(p + 2), p + length, end, header);
	}
	return true;
}

/* Returns false where nothing is hashed. */
static inline bool dissect(const uint8_t *p, const uint8_t *end, struct hash_input *input)
{
	struct ip_header header;

	if (!read_ethernet(p, end, &header) || !enter_tunnel(end, &header))
		return false;
	input->source = header.source;
	input->destination = header.destination;
	input->version = header.version;
	bool has_ports = (header.protocol == TCP && has(header.payload, end, 20)) ||
			 (header.protocol == UDP && has(header.payload, end, 8));
	input->ports = has_ports ? header.payload : NULL;
	return true;
}

#endif
