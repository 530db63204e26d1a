/* What the library knows of the schedules it makes. */
#ifndef TG_OPTIM_SCHEDULE_H
#define TG_OPTIM_SCHEDULE_H

#include <stdbool.h>

#include "tapegrad/schedule.h"

const char *tg_check_schedule_(const tg_schedule *s); /* a message, or NULL */
/* Which of the schedules it is: 0 constant, then in the order of the header; your own come last. */
int tg_schedule_kind_(const tg_schedule *s);
bool tg_is_plateau_(const tg_schedule *s);
bool tg_stays_zero_(const tg_schedule *s); /* when it has come to 0; of your own nothing is known */

#endif
