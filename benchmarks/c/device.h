/* The device that both programs model, and what they count and print. */
#ifndef DEVICE_H
#define DEVICE_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

enum {
	QUEUES = 8,
	TABLE_SIZE = 128,
	UNCLASSIFIED_QUEUE = 0,
	KEY_SIZE = 40,
};

/* The key that "Verifying the RSS Hash Calculation" of Microsoft publishes. */
static const uint8_t HASH_KEY[KEY_SIZE] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
	0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
	0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

struct device {
	uint64_t packets[QUEUES];
	uint64_t bytes[QUEUES];
	uint16_t indirection_table[TABLE_SIZE];
};

static inline void init_device(struct device *device)
{
	*device = (struct device){0};
	for (unsigned i = 0; i < TABLE_SIZE; i++)
		device->indirection_table[i] = i % QUEUES;
}

static inline void count_packet(struct device *device, unsigned queue, uint32_t original_length)
{
	device->packets[queue]++;
	device->bytes[queue] += original_length;
}

static inline double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static inline uint64_t print_list(const char *name, const uint64_t *values)
{
	uint64_t total = 0;

	printf("\"%s\": [", name);
	for (unsigned i = 0; i < QUEUES; i++) {
		printf("%s%" PRIu64, i ? ", " : "", values[i]);
		total += values[i];
	}
	printf("], ");
	return total;
}

/* One line of JSON; seconds are those of one pass over the packets. */
static inline void print_counts(const struct device *device, double seconds)
{
	printf("{");
	uint64_t packets = print_list("queue_packets", device->packets);
	uint64_t bytes = print_list("queue_bytes", device->bytes);
	printf("\"packets\": %" PRIu64 ", \"bytes\": %" PRIu64 ", \"seconds\": %.6f}\n", packets, bytes, seconds);
}

#endif
