/* Tapegrad: everything but the short names (overload.h). */
#ifndef TAPEGRAD_H
#define TAPEGRAD_H

#include "operations.h"
#include "optim.h"
#include "status.h"
#include "tape.h"
#include "var.h"

#endif
