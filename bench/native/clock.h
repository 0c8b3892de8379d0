/* Time and small tools that the bench's C programs share; all times are CLOCK_MONOTONIC nanoseconds. */
#ifndef CLOCK_H
#define CLOCK_H

#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>

#define SECOND_NS 1000000000LL

static inline int64_t now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * SECOND_NS + t.tv_nsec;
}

static inline struct timespec as_timespec(int64_t ns)
{
	return (struct timespec){.tv_sec = ns / SECOND_NS, .tv_nsec = ns % SECOND_NS};
}

static inline void sleep_until(int64_t at_ns)
{
	struct timespec at = as_timespec(at_ns);
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
		;
}

/* An instrument must not wait behind what it measures. Says what it got: real-time priority needs privilege. */
static inline const char *become_instrument(void)
{
	struct sched_param wanted = {.sched_priority = 20};
	prctl(PR_SET_TIMERSLACK, 1);
	return sched_setscheduler(0, SCHED_FIFO, &wanted) == 0 ? "realtime" : "normal";
}

static inline _Noreturn void give_up(const char *what)
{
	perror(what);
	exit(1);
}

/* t3.5 of Modbus over serial line V1.02, 2.5.1.1: fixed above 19200 baud. */
static inline int64_t silence_ns(int64_t character_ns, long baud)
{
	return baud > 19200 ? 1750000 : character_ns * 7 / 2;
}

#endif
