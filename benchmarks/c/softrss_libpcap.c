/* Count packets by receive queue: libpcap reads them, DPDK's rte_softrss_be hashes them. */
#include <pcap/pcap.h>
#include <rte_thash.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "dissect.h"

struct state {
	struct device device;
	uint8_t key[KEY_SIZE] __attribute__((aligned(4))); /* converted for rte_softrss_be */
};

static inline uint32_t load32(const uint8_t *p)
{
	uint32_t word;

	memcpy(&word, p, sizeof(word));
	return rte_be_to_cpu_32(word);
}

static inline uint32_t hash(const struct hash_input *input, const uint8_t *key)
{
	uint32_t words[9];
	uint32_t count;

	if (input->version == 4) {
		words[0] = load32(input->source);
		words[1] = load32(input->destination);
		count = 2;
	} else {
		for (unsigned i = 0; i < 4; i++) {
			words[i] = load32(input->source + 4 * i);
			words[4 + i] = load32(input->destination + 4 * i);
		}
		count = 8;
	}
	if (input->ports)
		words[count++] = load32(input->ports);
	return rte_softrss_be(words, count, key);
}

static void take_packet(u_char *user, const struct pcap_pkthdr *record, const u_char *data)
{
	struct state *state = (struct state *)user;
	struct hash_input input;
	unsigned queue = UNCLASSIFIED_QUEUE;

	if (dissect(data, data + record->caplen, &input))
		queue = state->device.indirection_table[hash(&input, state->key) % TABLE_SIZE];
	count_packet(&state->device, queue, record->len);
}

int main(int argc, char **argv)
{
	char error[PCAP_ERRBUF_SIZE];
	uint32_t key[KEY_SIZE / 4];
	struct state state;

	if (argc != 2) {
		fprintf(stderr, "usage: %s FILE\n", argv[0]);
		return EXIT_FAILURE;
	}
	pcap_t *capture = pcap_open_offline(argv[1], error);
	if (!capture) {
		fprintf(stderr, "%s\n", error);
		return EXIT_FAILURE;
	}
	if (pcap_datalink(capture) != DLT_EN10MB) {
		fprintf(stderr, "%s: not Ethernet\n", argv[1]);
		return EXIT_FAILURE;
	}
	init_device(&state.device);
	memcpy(key, HASH_KEY, KEY_SIZE);
	rte_convert_rss_key(key, (uint32_t *)state.key, KEY_SIZE);

	double start = now();
	if (pcap_loop(capture, -1, take_packet, (u_char *)&state) < 0) {
		fprintf(stderr, "%s: %s\n", argv[1], pcap_geterr(capture));
		return EXIT_FAILURE;
	}
	print_counts(&state.device, now() - start);
	pcap_close(capture);
	return EXIT_SUCCESS;
}
