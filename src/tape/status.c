#include "tapegrad/status.h"

const char *tg_status_string(tg_status s)
{
  switch (s) {
#define TG_STATUS_ROW(code, value, text)                                                                     \
  case code: return text;
    TG_STATUS_LIST(TG_STATUS_ROW)
#undef TG_STATUS_ROW
  }
  return "unknown status";
}
