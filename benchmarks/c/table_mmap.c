/*
 * Count packets by receive queue: the file is mapped, and a table of 256 words for each input byte hashes them.
 *
 *     table_mmap FILE          one pass over the file
 *     table_mmap FILE PASSES   touch the mapped file, then the best of some passes in memory
 *
 * Reads classic pcap files with microseconds, least significant byte first.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "device.h"
#include "dissect.h"

enum {
	FILE_HEADER_SIZE = 24,
	RECORD_HEADER_SIZE = 16,
	INPUT_SIZE = 36, /* two IPv6 addresses and two ports */
	PAGE_SIZE = 4096,
};

/* What each value of each input byte contributes to the hash. */
static uint32_t table[INPUT_SIZE][256];

static uint32_t key_bits(unsigned position)
{
	uint64_t window = 0;

	for (unsigned i = 0; i < 5; i++)
		window = window << 8 | HASH_KEY[position / 8 + i];
	return (uint32_t)(window >> (8 - position % 8));
}

static void init_table(void)
{
	for (unsigned i = 0; i < INPUT_SIZE; i++)
		for (unsigned value = 0; value < 256; value++)
			for (unsigned bit = 0; bit < 8; bit++)
				if (value & 0x80 >> bit)
					table[i][value] ^= key_bits(8 * i + bit);
}

static inline uint32_t look_up(const uint8_t *bytes, unsigned position, unsigned size)
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < size; i++)
		sum ^= table[position + i][bytes[i]];
	return sum;
}

static inline uint32_t hash(const struct hash_input *input)
{
	if (input->version == 4) {
		uint32_t sum = look_up(input->source, 0, 4) ^ look_up(input->destination, 4, 4);
		return input->ports ? sum ^ look_up(input->ports, 8, 4) : sum;
	}
	uint32_t sum = look_up(input->source, 0, 16) ^ look_up(input->destination, 16, 16);
	return input->ports ? sum ^ look_up(input->ports, 32, 4) : sum;
}

static inline uint32_t load32_le(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Returns where the last complete record ends. */
static const uint8_t *count_packets(struct device *device, const uint8_t *p, const uint8_t *end)
{
	while (has(p, end, RECORD_HEADER_SIZE)) {
		uint32_t captured_length = load32_le(p + 8);
		uint32_t original_length = load32_le(p + 12);
		const uint8_t *packet = p + RECORD_HEADER_SIZE;
		if (!has(packet, end, captured_length))
			break;
		struct hash_input input;
		unsigned queue = UNCLASSIFIED_QUEUE;
		p = packet + captured_length;
		if (dissect(packet, p, &input))
			queue = device->indirection_table[hash(&input) % TABLE_SIZE];
		count_packet(device, queue, original_length);
	}
	return p;
}

static const uint8_t *map_file(const char *name, size_t *size)
{
	struct stat status;
	int file = open(name, O_RDONLY);

	if (file < 0 || fstat(file, &status) < 0) {
		perror(name);
		exit(EXIT_FAILURE);
	}
	*size = (size_t)status.st_size;
	void *data = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, file, 0);
	if (data == MAP_FAILED) {
		perror(name);
		exit(EXIT_FAILURE);
	}
	close(file);
	madvise(data, *size, MADV_SEQUENTIAL);
	return data;
}

static void touch(const uint8_t *data, size_t size)
{
	volatile uint8_t byte;

	for (size_t i = 0; i < size; i += PAGE_SIZE)
		byte = data[i];
	(void)byte;
}

int main(int argc, char **argv)
{
	if (argc < 2 || argc > 3) {
		fprintf(stderr, "usage: %s FILE [PASSES]\n", argv[0]);
		return EXIT_FAILURE;
	}
	int passes = argc == 3 ? atoi(argv[2]) : 1;
	size_t size;
	const uint8_t *data = map_file(argv[1], &size);
	const uint8_t *end = data + size;
	if (size < FILE_HEADER_SIZE || load32_le(data) != 0xA1B2C3D4 || load32_le(data + 20) != 1) {
		fprintf(stderr, "%s: not a pcap file of Ethernet, microseconds, least significant byte first\n", argv[1]);
		return EXIT_FAILURE;
	}
	init_table();
	if (argc == 3)
		touch(data, size);

	struct device device;
	double best = 0;
	for (int i = 0; i < passes; i++) {
		init_device(&device);
		double start = now();
		const uint8_t *stop = count_packets(&device, data + FILE_HEADER_SIZE, end);
		double seconds = now() - start;
		if (stop != end)
			fprintf(stderr, "%s: damaged at byte %td\n", argv[1], stop - data);
		if (i == 0 || seconds < best)
			best = seconds;
	}
	print_counts(&device, best);
	return EXIT_SUCCESS;
}
