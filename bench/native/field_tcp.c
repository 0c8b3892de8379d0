/* Modbus TCP units, each on a port of its own; one connection at a time, as small modules have it. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "field.h"

#define HEADER 7

struct server {
	struct field *field;
	int unit, listener;
};

static bool take(int fd, uint8_t *into, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t got = read(fd, into + done, size - done);
		if (got <= 0)
			return false;
		done += got;
	}
	return true;
}

static bool serve_one(struct server *server, int fd)
{
	uint8_t frame[LONGEST], reply[LONGEST];
	if (!take(fd, frame, HEADER))
		return false;
	size_t size = (frame[4] << 8 | frame[5]) - 1;
	if (size < 1 || size > LONGEST - HEADER || !take(fd, frame + HEADER, size))
		return false;
	struct exchange seen = {.asked_ns = now_ns(), .unit = server->unit, .gap_ns = -1,
		.function = frame[HEADER], .request_bytes = HEADER + size};
	if (lives(server->field, server->unit)) {
		sleep_until(seen.asked_ns + server->field->turnaround_ns);
		size_t length = answer(server->field, server->unit, frame + HEADER, size, reply + HEADER);
		memcpy(reply, frame, HEADER);
		reply[4] = 0;
		reply[5] = length + 1;
		seen.reply_bytes = HEADER + length;
		seen.replied_ns = now_ns();
		if (write(fd, reply, seen.reply_bytes) != (ssize_t)seen.reply_bytes)
			return false;
	}
	log_exchange(server->field, &seen);
	return true;
}

static void *run(void *argument)
{
	struct server *server = argument;
	int yes = 1;
	for (;;) {
		int fd = accept(server->listener, NULL, NULL);
		if (fd < 0)
			give_up("accept");
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
		while (serve_one(server, fd))
			;
		close(fd);
	}
	return NULL;
}

static int listen_somewhere(int *port)
{
	struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof name;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&name, size) < 0 || listen(fd, 4) < 0)
		give_up("listen");
	getsockname(fd, (struct sockaddr *)&name, &size);
	*port = ntohs(name.sin_port);
	return fd;
}

void serve_tcp(struct field *field)
{
	static struct server servers[MOST_UNITS];
	for (int n = 0; n < field->units; n++) {
		pthread_t thread;
		int port;
		servers[n] = (struct server){field, n + 1, listen_somewhere(&port)};
		printf("port %d\n", port);
		if (pthread_create(&thread, NULL, run, &servers[n]) != 0)
			give_up("pthread_create");
	}
}
