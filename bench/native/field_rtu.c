/* Several units on one half-duplex line: a pty whose bytes take as long as on a wire. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "clock.h"
#include "field.h"

#define FIFO 8 /* a UART hands over what it received in pieces of this size */

static struct {
	struct field *field;
	int fd;
	int64_t character_ns, silence_ns;
} line;

static uint16_t crc16(const uint8_t *bytes, size_t size)
{
	uint16_t crc = 0xFFFF;
	while (size--) {
		crc ^= *bytes++;
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0xA001 : crc >> 1;
	}
	return crc;
}

static bool readable_before(int64_t at_ns)
{
	struct pollfd port = {.fd = line.fd, .events = POLLIN};
	int64_t left_ns = at_ns - now_ns();
	struct timespec left = as_timespec(left_ns > 0 ? left_ns : 0);
	return ppoll(&port, 1, at_ns == INT64_MAX ? NULL : &left, NULL) > 0;
}

/* Takes one frame; it ends where the line has been silent for t3.5. Returns the instant of its last bit. */
static int64_t hear(uint8_t *frame, size_t *size, int64_t *first_ns)
{
	int64_t end_ns = 0;
	*size = 0;
	readable_before(INT64_MAX);
	*first_ns = now_ns();
	do {
		int64_t came_ns = *size ? now_ns() : *first_ns;
		ssize_t got = read(line.fd, frame + *size, LONGEST - *size);
		if (got <= 0)
			give_up("the line");
		*size += got;
		end_ns = (end_ns > came_ns ? end_ns : came_ns) + got * line.character_ns;
	} while (*size < LONGEST && readable_before(end_ns + line.silence_ns));
	return end_ns;
}

/* Writes a frame in pieces, each when its last bit has gone over the wire. Returns the last such instant. */
static int64_t say(const uint8_t *frame, size_t size, int64_t start_ns)
{
	int64_t last_ns = start_ns;
	for (size_t done = 0; done < size;) {
		size_t piece = size - done < FIFO ? size - done : FIFO;
		sleep_until(start_ns + (int64_t)(done + piece) * line.character_ns);
		last_ns = now_ns(); /* before the write: whoever reads it can only be later */
		if (write(line.fd, frame + done, piece) != (ssize_t)piece)
			give_up("the line");
		done += piece;
	}
	return last_ns;
}

static bool fits(const uint8_t *frame, size_t size)
{
	return size >= 4 && crc16(frame, size - 2) == (frame[size - 2] | frame[size - 1] << 8);
}

static void *run(void *unused)
{
	(void)unused;
	uint8_t frame[LONGEST], reply[LONGEST];
	int64_t active_ns = 0;
	for (;;) {
		struct exchange seen = {.gap_ns = -1};
		int64_t end_ns = hear(frame, &seen.request_bytes, &seen.asked_ns);
		seen.unit = frame[0];
		seen.function = frame[1];
		if (active_ns) {
			seen.gap_ns = seen.asked_ns > active_ns ? seen.asked_ns - active_ns : 0;
			seen.broke = seen.gap_ns < line.silence_ns;
		}
		active_ns = end_ns;
		bool deaf = line.field->strict && seen.broke;
		if (!deaf && fits(frame, seen.request_bytes) && lives(line.field, seen.unit)) {
			int64_t start_ns = end_ns + line.silence_ns + line.field->turnaround_ns;
			sleep_until(start_ns);
			reply[0] = frame[0];
			size_t size = 1 + answer(line.field, seen.unit, frame + 1, seen.request_bytes - 3, reply + 1);
			uint16_t crc = crc16(reply, size);
			reply[size++] = crc & 0xFF;
			reply[size++] = crc >> 8;
			seen.reply_bytes = size;
			seen.replied_ns = active_ns = say(reply, size, start_ns);
		}
		log_exchange(line.field, &seen);
	}
	return NULL;
}

static int open_pty(void)
{
	struct termios raw;
	int fd = posix_openpt(O_RDWR | O_NOCTTY);
	if (fd < 0 || grantpt(fd) < 0 || unlockpt(fd) < 0)
		give_up("pty");
	int far_fd = open(ptsname(fd), O_RDWR | O_NOCTTY); /* kept open: the line outlives whoever uses it */
	if (far_fd < 0 || tcgetattr(far_fd, &raw) < 0)
		give_up("pty");
	cfmakeraw(&raw);
	tcsetattr(far_fd, TCSANOW, &raw);
	return fd;
}

void serve_rtu(struct field *field, long baud)
{
	pthread_t thread;
	line.field = field;
	line.character_ns = 10 * SECOND_NS / baud; /* 8N1 */
	line.silence_ns = silence_ns(line.character_ns, baud);
	line.fd = open_pty();
	printf("port %s\n", ptsname(line.fd));
	if (pthread_create(&thread, NULL, run, NULL) != 0)
		give_up("pthread_create");
}
