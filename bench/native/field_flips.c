/* Inputs that change at random instants, from a seed. */
#include <math.h>

#include "clock.h"
#include "field.h"

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	double per_second;
	int64_t dwell_ns;
} wish = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0};

static struct field *the_field;
static uint64_t state;

static double uniform(void) /* xorshift64*, in (0, 1] */
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return ((state * 0x2545F4914F6CDD1DULL >> 11) + 1) * 0x1p-53;
}

void set_flips(double per_second, int64_t dwell_ns)
{
	pthread_mutex_lock(&wish.lock);
	wish.per_second = per_second;
	wish.dwell_ns = dwell_ns;
	pthread_cond_signal(&wish.changed);
	pthread_mutex_unlock(&wish.lock);
}

/* The rate, once there is one; false when it had to be waited for. */
static bool rate_now(double *per_second, int64_t *dwell_ns)
{
	pthread_mutex_lock(&wish.lock);
	bool at_once = wish.per_second > 0;
	while (wish.per_second <= 0)
		pthread_cond_wait(&wish.changed, &wish.lock);
	*per_second = wish.per_second;
	*dwell_ns = wish.dwell_ns;
	pthread_mutex_unlock(&wish.lock);
	return at_once;
}

/* A point that has been still long enough; -1 when a fair number of tries finds none. */
static int choose(const int64_t *flipped_ns, int64_t at_ns, int64_t dwell_ns)
{
	int points = the_field->units * INPUTS;
	for (int tries = 0; tries < 200; tries++) {
		int point = (int)(uniform() * points) % points;
		if (lives(the_field, point / INPUTS + 1) && at_ns - flipped_ns[point] >= dwell_ns)
			return point;
	}
	return -1;
}

static void flip(int point)
{
	int unit = point / INPUTS + 1, input = point % INPUTS;
	int64_t at_ns = now_ns();
	uint16_t before = atomic_fetch_xor(&the_field->inputs[unit], 1u << input);
	fprintf(the_field->log, "F %lld %d %d %d\n", (long long)at_ns, unit, input, !(before >> input & 1));
}

static void *run(void *unused)
{
	(void)unused;
	static int64_t flipped_ns[MOST_UNITS * INPUTS];
	int64_t at_ns = 0, dwell_ns;
	double per_second;
	bool resting = true;
	for (;;) {
		if (!rate_now(&per_second, &dwell_ns) || resting)
			at_ns = now_ns();
		at_ns += (int64_t)(-log(uniform()) / per_second * SECOND_NS);
		sleep_until(at_ns);
		resting = !rate_now(&per_second, &dwell_ns); /* told so while it slept */
		int point = choose(flipped_ns, at_ns, dwell_ns);
		if (resting || point < 0)
			continue;
		flipped_ns[point] = at_ns;
		flip(point);
	}
	return NULL;
}

void start_flips(struct field *field, uint64_t seed)
{
	pthread_t thread;
	the_field = field;
	state = seed * 0x9E3779B97F4A7C15ULL | 1;
	if (pthread_create(&thread, NULL, run, NULL) != 0)
		give_up("pthread_create");
}
