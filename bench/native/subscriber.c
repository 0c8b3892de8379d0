/* subscriber BROKER_PORT LOG: hears everything and notes each message as `at_ns topic payload`. */
#include <mosquitto.h>
#include <string.h>

#include "clock.h"

static FILE *heard;

static void note(struct mosquitto *broker, void *unused, const struct mosquitto_message *message)
{
	(void)broker, (void)unused;
	int64_t at_ns = now_ns();
	fprintf(heard, "%lld %s %.*s\n", (long long)at_ns, message->topic, message->payloadlen,
		(const char *)message->payload);
	fflush(heard);
}

static void subscribed(struct mosquitto *broker, void *unused, int mid, int count, const int *granted)
{
	(void)broker, (void)unused, (void)mid, (void)count, (void)granted;
	printf("ready\n");
	fflush(stdout);
}

static void connected(struct mosquitto *broker, void *unused, int refused)
{
	(void)unused;
	if (refused)
		exit(1);
	mosquitto_subscribe(broker, NULL, "#", 0);
}

int main(int count, char **words)
{
	if (count != 3)
		return 2;
	heard = fopen(words[2], "w");
	if (heard == NULL)
		give_up(words[2]);
	printf("priority %s\n", become_instrument());
	mosquitto_lib_init();
	struct mosquitto *broker = mosquitto_new("subscriber", true, NULL);
	mosquitto_int_option(broker, MOSQ_OPT_TCP_NODELAY, 1);
	mosquitto_connect_callback_set(broker, connected);
	mosquitto_subscribe_callback_set(broker, subscribed);
	mosquitto_message_callback_set(broker, note);
	if (mosquitto_connect(broker, "127.0.0.1", atoi(words[1]), 60) != MOSQ_ERR_SUCCESS)
		give_up("broker");
	return mosquitto_loop_forever(broker, -1, 1);
}
