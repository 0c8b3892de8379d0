/* field [--strict] [--seed N] [--turnaround-us N] LOG rtu BAUD UNITS | LOG tcp UNITS
 *
 * Takes commands on stdin and notes each in the log with its instant:
 *     flip RATE_PER_S DWELL_S     still     dead UNIT     alive UNIT     mark WORD     quit
 * Log lines, times in CLOCK_MONOTONIC ns:
 *     F at unit input value
 *     Q asked unit gap broke function request_bytes reply_bytes replied
 *     C at command
 */
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "field.h"

void log_exchange(struct field *field, const struct exchange *seen)
{
	fprintf(field->log, "Q %lld %d %lld %d %d %zu %zu %lld\n", (long long)seen->asked_ns, seen->unit,
		(long long)seen->gap_ns, seen->broke, seen->function, seen->request_bytes, seen->reply_bytes,
		(long long)seen->replied_ns);
}

bool lives(struct field *field, int unit)
{
	return unit >= 1 && unit <= field->units && !atomic_load(&field->dead[unit]);
}

static size_t refuse(const uint8_t *pdu, uint8_t code, uint8_t *reply)
{
	reply[0] = pdu[0] | 0x80;
	reply[1] = code;
	return 2;
}

size_t answer(struct field *field, int unit, const uint8_t *pdu, size_t size, uint8_t *reply)
{
	if (size != 5 || pdu[0] != 2)
		return refuse(pdu, 1, reply);
	unsigned first = pdu[1] << 8 | pdu[2], count = pdu[3] << 8 | pdu[4];
	if (count == 0 || first + count > INPUTS)
		return refuse(pdu, 2, reply);
	uint16_t bits = (atomic_load(&field->inputs[unit]) >> first) & ((1u << count) - 1);
	reply[0] = 2;
	reply[1] = (count + 7) / 8;
	reply[2] = bits & 0xFF;
	reply[3] = bits >> 8;
	return 2 + reply[1];
}

static bool obey(struct field *field, char *line)
{
	double rate, dwell_s;
	int unit;
	line[strcspn(line, "\n")] = 0;
	fprintf(field->log, "C %lld %s\n", (long long)now_ns(), line);
	if (sscanf(line, "flip %lf %lf", &rate, &dwell_s) == 2)
		set_flips(rate, (int64_t)(dwell_s * SECOND_NS));
	else if (strcmp(line, "still") == 0)
		set_flips(0, 0);
	else if (sscanf(line, "dead %d", &unit) == 1 && unit >= 1 && unit <= field->units)
		atomic_store(&field->dead[unit], true);
	else if (sscanf(line, "alive %d", &unit) == 1 && unit >= 1 && unit <= field->units)
		atomic_store(&field->dead[unit], false);
	else if (strncmp(line, "mark ", 5) != 0 && strcmp(line, "quit") != 0)
		fprintf(stderr, "field: not understood: %s\n", line);
	fflush(field->log);
	return strcmp(line, "quit") != 0;
}

static _Noreturn void explain(void)
{
	fprintf(stderr, "usage: field [--strict] [--seed N] [--turnaround-us N] LOG rtu BAUD UNITS | LOG tcp UNITS\n");
	exit(2);
}

int main(int count, char **words)
{
	static struct field field = {.turnaround_ns = 5000000};
	uint64_t seed = 1;
	int at = 1;
	for (; at < count && words[at][0] == '-'; at++) {
		if (strcmp(words[at], "--strict") == 0)
			field.strict = true;
		else if (strcmp(words[at], "--seed") == 0 && at + 1 < count)
			seed = strtoull(words[++at], NULL, 10);
		else if (strcmp(words[at], "--turnaround-us") == 0 && at + 1 < count)
			field.turnaround_ns = atoll(words[++at]) * 1000;
		else
			explain();
	}
	bool rtu = count - at == 4 && strcmp(words[at + 1], "rtu") == 0;
	if (!rtu && !(count - at == 3 && strcmp(words[at + 1], "tcp") == 0))
		explain();
	field.units = atoi(words[count - 1]);
	if (field.units < 1 || field.units > MOST_UNITS)
		explain();
	field.log = fopen(words[at], "w");
	if (field.log == NULL)
		give_up(words[at]);
	printf("priority %s\n", become_instrument());
	start_flips(&field, seed);
	if (rtu)
		serve_rtu(&field, atol(words[at + 2]));
	else
		serve_tcp(&field);
	printf("ready\n");
	fflush(stdout);
	char line[128];
	while (fgets(line, sizeof line, stdin) != NULL && obey(&field, line))
		;
	flockfile(field.log); /* no thread may be in the middle of a line */
	fflush(field.log);
	_exit(0);
}
