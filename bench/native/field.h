/* The field of the bench: units with 16 discrete inputs each, on one RTU line or on TCP ports. */
#ifndef FIELD_H
#define FIELD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define MOST_UNITS 64
#define INPUTS 16
#define LONGEST 260

struct field {
	int units;
	bool strict; /* a request that breaks the silence before it gets no answer, as on real devices */
	int64_t turnaround_ns;
	FILE *log;
	_Atomic uint16_t inputs[MOST_UNITS + 1]; /* by unit address, from 1 */
	atomic_bool dead[MOST_UNITS + 1];
};

/* One request as the field saw it. `replied_ns` is when its last byte was handed over; 0: no answer. */
struct exchange {
	int64_t asked_ns;
	int unit;
	int64_t gap_ns; /* silence before it; -1: nothing to keep silent after */
	bool broke;
	int function;
	size_t request_bytes, reply_bytes;
	int64_t replied_ns;
};

void log_exchange(struct field *field, const struct exchange *seen);

/* The reply PDU to a request PDU; the inputs are sampled here. Returns its length. */
size_t answer(struct field *field, int unit, const uint8_t *pdu, size_t size, uint8_t *reply);
/* How long that reply will be, without sampling anything. */
bool lives(struct field *field, int unit);

/* Open the medium, print `port NAME` for each port, and serve it on threads of its own. */
void serve_rtu(struct field *field, long baud);
void serve_tcp(struct field *field);

/* Flip inputs of living units at random instants (Poisson), none again within `dwell_ns`; rate 0 rests. */
void start_flips(struct field *field, uint64_t seed);
void set_flips(double per_second, int64_t dwell_ns);

#endif
