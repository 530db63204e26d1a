/* Tapegrad: everything but the short names (overload.h). */
#ifndef TAPEGRAD_H
#define TAPEGRAD_H

#include "finite_sum.h"
#include "function.h"
#include "operations.h"
#include "optim.h"
#include "status.h"
#include "tape.h"
#include "var.h"

#endif
