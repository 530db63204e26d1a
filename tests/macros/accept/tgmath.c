/* <tgmath.h> before: the last one included wins. */
#include <tgmath.h>

#include <tapegrad/tapegrad.h>

#include <tapegrad/overload.h>

var f(var x, float y);
var f(var x, float y) { return add(sin(x), pow(x, y), fmax(x, sqrt(y)), ldexp(x, 3), fabs(x)); }
