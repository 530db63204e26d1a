#ifndef TG_CLOCK_H
#define TG_CLOCK_H

#include <stdint.h>

/* Time since some moment of the system's choice, never going back where the system has such a clock. */
uint64_t tg_clock_ns_(void);
double tg_clock_(void); /* the same in seconds */

#endif
