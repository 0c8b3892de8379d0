/* floor BROKER_PORT TIMEOUT_MS BACKOFF_S rtu PATH BAUD UNITS | ... tcp PORT...
 *
 * The least that does the job: libmodbus asks one unit after the other, a change goes out by libmosquitto.
 * No store, no alarm logic, no names. libmodbus keeps no silence between frames, so it is kept here.
 * BACKOFF_S: a unit that did not answer is left alone for so long; 0 asks it in every round.
 */
#include <modbus/modbus.h>
#include <mosquitto.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"

#define INPUTS 16
#define MOST_UNITS 64

static struct mosquitto *broker;
static int64_t timeout_ns, backoff_ns;

struct poll {
	modbus_t *line;
	int first, units;
	int64_t silence_ns;
};

static void publish(int unit, int input, int value)
{
	char topic[32];
	snprintf(topic, sizeof topic, "bench/%d/%d", unit, input);
	mosquitto_publish(broker, NULL, topic, 1, value ? "1" : "0", 1, false);
}

static void compare(int unit, const uint8_t *before, const uint8_t *after)
{
	for (int input = 0; input < INPUTS; input++)
		if (before[input] != after[input])
			publish(unit, input, after[input]);
}

static bool ask(struct poll *poll, int unit, uint8_t *known)
{
	uint8_t bits[INPUTS];
	modbus_set_slave(poll->line, unit);
	bool answered = modbus_read_input_bits(poll->line, 0, INPUTS, bits) == INPUTS;
	int64_t silent_until_ns = now_ns() + poll->silence_ns;
	if (answered) {
		compare(unit, known, bits);
		memcpy(known, bits, INPUTS);
	} else {
		modbus_flush(poll->line);
	}
	sleep_until(silent_until_ns);
	return answered;
}

static void *run(void *argument)
{
	struct poll *poll = argument;
	uint8_t known[MOST_UNITS][INPUTS] = {0};
	int64_t due_ns[MOST_UNITS] = {0};
	for (;;) {
		int asked = 0;
		for (int n = 0; n < poll->units; n++) {
			if (due_ns[n] > now_ns())
				continue;
			due_ns[n] = ask(poll, poll->first + n, known[n]) ? 0 : now_ns() + backoff_ns;
			asked++;
		}
		if (!asked) /* all are left alone */
			sleep_until(now_ns() + 1000000);
	}
	return NULL;
}

static void start(struct poll *poll)
{
	pthread_t thread;
	modbus_set_response_timeout(poll->line, timeout_ns / SECOND_NS, timeout_ns % SECOND_NS / 1000);
	if (modbus_connect(poll->line) < 0) {
		fprintf(stderr, "floor: %s\n", modbus_strerror(errno));
		exit(1);
	}
	if (pthread_create(&thread, NULL, run, poll) != 0)
		give_up("pthread_create");
}

static void start_rtu(const char *path, long baud, int units)
{
	static struct poll poll;
	poll = (struct poll){modbus_new_rtu(path, baud, 'N', 8, 1), 1, units,
		silence_ns(10 * SECOND_NS / baud, baud)};
	start(&poll);
}

static void start_tcp(char **ports, int count)
{
	static struct poll polls[MOST_UNITS];
	for (int n = 0; n < count; n++) {
		polls[n] = (struct poll){modbus_new_tcp("127.0.0.1", atoi(ports[n])), n + 1, 1, 0};
		start(&polls[n]);
	}
}

static void connect_broker(int port)
{
	mosquitto_lib_init();
	broker = mosquitto_new("floor", true, NULL);
	mosquitto_int_option(broker, MOSQ_OPT_TCP_NODELAY, 1);
	if (mosquitto_connect(broker, "127.0.0.1", port, 30) != MOSQ_ERR_SUCCESS)
		give_up("broker");
	mosquitto_loop_start(broker);
	mosquitto_publish(broker, NULL, "bench/ready", 1, "1", 1, false);
}

int main(int count, char **words)
{
	if (count < 6) {
		fprintf(stderr, "usage: floor BROKER_PORT TIMEOUT_MS BACKOFF_S rtu PATH BAUD UNITS | tcp PORT...\n");
		return 2;
	}
	timeout_ns = atoll(words[2]) * 1000000;
	backoff_ns = (int64_t)(atof(words[3]) * SECOND_NS);
	prctl(PR_SET_TIMERSLACK, 1);
	connect_broker(atoi(words[1]));
	if (strcmp(words[4], "tcp") == 0)
		start_tcp(words + 5, count - 5);
	else if (count == 8)
		start_rtu(words[5], atol(words[6]), atoi(words[7]));
	pause();
	return 0;
}
