#include "report.h"

#include "trained_format.h"

#include <math.h>
#include <string.h>

const char *kind_name(model_kind k) { return kind_word[k]; }

const char *coefficient_name(const trained *m, size_t i, char out[FEATURE_NAME_ROOM], const char **class_name)
{
  const size_t rows = model_rows(&m->shape), p = m->shape.features;
  const bool intercept = i >= rows * p;
  const size_t row = intercept ? i - rows * p : i / p;
  *class_name = m->shape.kind == MODEL_MULTINOMIAL ? m->labels.text[row] : NULL;
  return intercept ? "(intercept)" : design_feature_name(&m->design, i % p, out);
}

const char *shown(char out[SHOWN_ROOM], char style, int digits, double x)
{
  if (isnan(x)) return "-";
  snprintf(out, SHOWN_ROOM, style == 'f' ? "%.*f" : "%.*g", digits, x);
  return out;
}

/* A count, or a sum of weights. */
static const char *shown_count(char out[SHOWN_ROOM], double x)
{
  const bool whole = x == floor(x) && fabs(x) < 1e15;
  snprintf(out, SHOWN_ROOM, whole ? "%.0f" : fabs(x) >= 1e5 && fabs(x) < 1e15 ? "%.1f" : "%.6g", x);
  return out;
}

/* A label may hold anything, line breaks too. */
static const char *label(const levels *l, size_t c, char out[EXCERPT_ROOM])
{
  return excerpt(out, l->text[c], l->length[c]);
}

/* -- for people ------------------------------------------------------------------------------------------ */

static void report_dropped(text *t, const dropped_rows *d)
{
  if (d->missing + d->weightless == 0) return;
  text_add(t, "without ");
  if (d->missing > 0) text_add(t, "%zu with a missing value", d->missing);
  if (d->missing > 0 && d->weightless > 0) text_add(t, " and ");
  if (d->weightless > 0) text_add(t, "%zu of weight 0", d->weightless);
  text_add(t, "; ");
}

/* What was decided about the first line. */
static void report_header(text *t, const loaded *l)
{
  text_add(t, "%s%s\n", l->is_sparse ? "" : "; ", l->is_sparse ? "" : header_words(l->header));
}

void report_data(text *t, const loaded *l, const char *file)
{
  char data[FILE_NAME_ROOM];
  text_add(t, "%s: %zu rows, ", printable(data, sizeof data, file, strlen(file)), l->rows);
  report_dropped(t, &l->dropped);
  text_add(t, "%zu columns", l->is_sparse ? l->sparse.columns : l->features);
  if (l->labels.count == 0) {
    text_add(t, " and a numeric target");
    report_header(t, l);
    return;
  }
  text_add(t, ", %zu classes (", l->labels.count);
  for (size_t c = 0; c < l->labels.count; c++) {
    char name[EXCERPT_ROOM];
    size_t count = 0;
    for (size_t i = 0; i < l->rows; i++) count += l->class_of[i] == c;
    if (c == 12) text_add(t, ", ...");
    if (c < 12) text_add(t, "%s%s %zu", c > 0 ? ", " : "", label(&l->labels, c, name), count);
  }
  text_add(t, ")");
  report_header(t, l);
}

static const char *time_text(double seconds, char out[32])
{
  if (seconds < 1e-3)
    snprintf(out, 32, "%.0f us", seconds * 1e6);
  else if (seconds < 1)
    snprintf(out, 32, "%.3g ms", seconds * 1e3);
  else
    snprintf(out, 32, "%.3g s", seconds);
  return out;
}

static void counted(text *t, const char *before, size_t count, const char *one, const char *many)
{
  text_add(t, "%s%zu %s", before, count, count == 1 ? one : many);
}

/* A stochastic method sees a mini-batch at a time; others all rows, in what they evaluate. */
static void report_work(text *t, const fit_outcome *o)
{
  if (o->batches > 0) {
    counted(t, "", o->iterations, "epoch", "epochs");
    text_add(t, " of %s", o->method);
    counted(t, " (", o->batches, "mini-batch)", "mini-batches)");
    return;
  }
  counted(t, "", o->iterations, "iteration", "iterations");
  text_add(t, " of %s", o->method);
  counted(t, " (", o->values, "value", "values");
  counted(t, ", ", o->gradients, "gradient", "gradients");
  if (o->hessians > 0) counted(t, ", ", o->hessians, "Hessian", "Hessians");
  if (o->products > 0) counted(t, ", ", o->products, "product with a Hessian", "products with Hessians");
  text_add(t, ")");
}

void report_fit(text *t, const training *r)
{
  const fit_outcome *o = &r->outcome;
  const penalty how = r->model.penalty;
  char time[32];
  text_add(t, "%s model, %zu parameters, learned from %zu rows", kind_name(r->model.shape.kind), r->problem.n,
           r->data.rows);
  if (how.l2 > 0) text_add(t, "; L2 %g", how.l2);
  if (how.l1 > 0) text_add(t, "; L1 %g", how.l1);
  if (how.l2 > 0 || how.l1 > 0)
    text_add(t, " on %s columns", how.standardized ? "standardized" : "the original");
  text_add(t, "\nobjective %.10g, gradient norm %.2g, after ", o->objective, o->gradient_norm);
  report_work(t, o);
  text_add(t, " in %s\n%s\n", time_text(o->seconds, time), fit_stop_string(o->stop));
  if (r->separated != SEPARATION_NONE) {
    static const char *const kind[] = {"no", "suspected", "quasi-complete", "complete"};
    text_add(t, "%s separation: %s. Use a penalty (--lambda) or merge classes.\n", kind[r->separated],
             r->separated_classes);
  }
  if (how.l1 > 0) {
    size_t zeros = 0;
    const size_t weights = model_rows(&r->model.shape) * r->model.shape.features;
    for (size_t j = 0; j < weights; j++) zeros += r->theta[j] == 0;
    text_add(t, "%zu of %zu coefficients are zero\n", zeros, weights);
  }
  if (r->scaling.constant > 0) {
    const bool one = r->scaling.constant == 1;
    text_add(t, "%zu %s constant; %s zero\n", r->scaling.constant, one ? "column is" : "columns are",
             one ? "its coefficient is" : "their coefficients are");
  }
}

static int label_width(const trained *m)
{
  size_t w = 5;
  for (size_t c = 0; c < m->labels.count; c++) {
    char name[EXCERPT_ROOM];
    const size_t length = strlen(label(&m->labels, c, name));
    w = length > w ? length : w;
  }
  return w < 24 ? (int)w : 24;
}

enum { MOST_COLUMNS = 24 }; /* of a confusion matrix for people; --json gives any */

static int count_width(const class_metrics *c)
{
  int most = 6;
  for (size_t i = 0; i < c->classes * c->classes; i++) {
    char count[SHOWN_ROOM];
    const int w = (int)strlen(shown_count(count, c->confusion[i]));
    most = w > most ? w : most;
  }
  return most;
}

static void confusion_table(text *t, const judged *j, const trained *m)
{
  const size_t k = j->classes.classes;
  const int w = label_width(m), least = count_width(&j->classes), cell = k <= 12 && w > least ? w : least;
  const size_t columns = k <= MOST_COLUMNS ? k : 0;
  char name[EXCERPT_ROOM];
  text_add(t, "  %*s |", w, "truth");
  for (size_t c = 0; c < columns; c++) text_add(t, " %*.*s", cell, cell, label(&m->labels, c, name));
  text_add(t, "%srecall precision\n", columns > 0 ? " | " : " ");
  for (size_t a = 0; a < k; a++) {
    text_add(t, "  %*.*s |", w, w, label(&m->labels, a, name));
    char recall[SHOWN_ROOM], precision[SHOWN_ROOM], count[SHOWN_ROOM];
    for (size_t b = 0; b < columns; b++)
      text_add(t, " %*s", cell, shown_count(count, j->classes.confusion[a * k + b]));
    text_add(t, "%s%6s %9s\n", columns > 0 ? " | " : " ", shown(recall, 'f', 4, j->classes.recall[a]),
             shown(precision, 'f', 4, j->classes.precision[a]));
  }
}

static void calibration_table(text *t, const judged *j, const trained *m)
{
  char name[EXCERPT_ROOM], rows[SHOWN_ROOM];
  text_add(t, "  calibration of P(%s): mean prediction / frequency (rows)\n ", label(&m->labels, 1, name));
  for (size_t b = 0; b < CALIBRATION_BINS; b++) {
    const calibration_bin *bin = &j->classes.calibration[b];
    if (bin->weight > 0) {
      text_add(t, " %.2f/%.2f (%s)", bin->mean_probability, bin->frequency, shown_count(rows, bin->weight));
    }
  }
  text_add(t, "\n");
}

void report_judged(text *t, const char *which, const judged *j, const trained *m)
{
  char a[SHOWN_ROOM], b[SHOWN_ROOM], d[SHOWN_ROOM];
  char shown_name[FILE_NAME_ROOM];
  which = printable(shown_name, sizeof shown_name, which, strlen(which));
  if (!j->is_class) {
    text_add(t, "%s (%zu rows): R^2 %s, mean absolute error %s, root mean square error %s\n", which, j->rows,
             shown(a, 'f', 6, j->values.r_squared), shown(b, 'g', 6, j->values.mean_absolute),
             shown(d, 'g', 6, j->values.root_mean_square));
    return;
  }
  const class_metrics *c = &j->classes;
  text_add(t, "%s (%zu rows): accuracy %s, log-loss %s", which, j->rows, shown(a, 'f', 4, c->accuracy),
           shown(b, 'f', 6, c->log_loss));
  if (c->classes == 2) text_add(t, ", AUC %s", shown(d, 'f', 6, c->auc));
  text_add(t, "\n");
  confusion_table(t, j, m);
  if (c->classes == 2) calibration_table(t, j, m);
}

static const char *stars(double p)
{
  return p < 0.001 ? "***" : p < 0.01 ? "**" : p < 0.05 ? "*" : p < 0.1 ? "." : "";
}

void report_summary(text *t, const training *r)
{
  const inference *s = &r->inference;
  if (s->row == NULL) return;
  const bool student = isfinite(s->freedom);
  char freedom[SHOWN_ROOM];
  text_add(t, "\n%-40s %13s %12s %9s %10s %13s %13s\n", "coefficient", "estimate", "std. error",
           student ? "t" : "z", student ? "P(>|t|)" : "P(>|z|)", "low", "high");
  for (size_t i = 0; i < s->n; i++) {
    char room[FEATURE_NAME_ROOM], name[2 * FEATURE_NAME_ROOM], line[2 * FEATURE_NAME_ROOM];
    const char *class_name;
    const coefficient_row *c = &s->row[i];
    const char *feature = coefficient_name(&r->model, i, room, &class_name);
    snprintf(name, sizeof name, "%s%s%s", class_name ? class_name : "", class_name ? ": " : "", feature);
    char e[SHOWN_ROOM], z[SHOWN_ROOM], p[SHOWN_ROOM], low[SHOWN_ROOM], high[SHOWN_ROOM];
    text_add(t, "%-40s %13.6g %12s %9s %10s %13s %13s %s\n", printable(line, sizeof line, name, strlen(name)),
             c->estimate, shown(e, 'g', 5, c->error), shown(z, 'f', 3, c->statistic),
             shown(p, 'g', 3, c->p_value), shown(low, 'g', 6, c->low), shown(high, 'g', 6, c->high),
             stars(c->p_value));
  }
  text_add(t, "*** p < 0.001, ** p < 0.01, * p < 0.05, . p < 0.1");
  if (student)
    text_add(t, "; residual standard error %.6g on %s degrees of freedom", sqrt(s->dispersion),
             shown_count(freedom, s->freedom));
  else
    text_add(t, "; log-likelihood %.8g", s->log_likelihood);
  text_add(t, "\n");
  if (r->model.penalty.l2 > 0) {
    text_add(t, "The errors include the L2 penalty as prior information; for those of maximum likelihood: "
                "--lambda 0\n");
  }
}

/* -- JSON ------------------------------------------------------------------------------------------------ */

static void member(text *t, const char *name, double x)
{
  text_quoted(t, name);
  text_bytes(t, ":", 1);
  text_json_number(t, x);
}

static void next_member(text *t, const char *name, double x)
{
  text_bytes(t, ",", 1);
  member(t, name, x);
}

static void array(text *t, const char *name, const double *x, size_t n)
{
  text_bytes(t, ",", 1);
  text_quoted(t, name);
  text_bytes(t, ":[", 2);
  for (size_t i = 0; i < n; i++) {
    if (i > 0) text_bytes(t, ",", 1);
    text_json_number(t, x[i]);
  }
  text_bytes(t, "]", 1);
}

void json_data(text *t, const loaded *l, const char *file)
{
  text_add(t, "\"data\":{\"file\":");
  text_quoted(t, file);
  next_member(t, "rows", (double)l->rows);
  next_member(t, "dropped_missing", (double)l->dropped.missing);
  next_member(t, "dropped_weightless", (double)l->dropped.weightless);
  next_member(t, "columns", (double)(l->is_sparse ? l->sparse.columns : l->features));
  if (!l->is_sparse)
    text_add(t, ",\"header\":%s,\"header_sure\":%s", l->header.is_header ? "true" : "false",
             l->header.sure ? "true" : "false");
  text_add(t, ",\"labels\":[");
  for (size_t c = 0; c < l->labels.count; c++) {
    if (c > 0) text_bytes(t, ",", 1);
    text_quoted(t, l->labels.text[c]);
  }
  text_add(t, "]}");
}

void json_fit(text *t, const training *r)
{
  static const char *const separated[] = {"none", "suspected", "quasi-complete", "complete"};
  const fit_outcome *o = &r->outcome;
  text_add(t, "\"fit\":{\"kind\":\"%s\",\"loss\":\"%s\",\"method\":\"%s\",\"converged\":%s,\"stop\":",
           kind_name(r->model.shape.kind),
           r->model.shape.classes > 0 ? "logarithmic" : loss_word[r->model.shape.loss], o->method,
           fit_converged(o->stop) ? "true" : "false");
  text_quoted(t, fit_stop_string(o->stop));
  text_add(t, ",\"status\":\"%s\"", fit_stop_word(o->stop));
  text_add(t, ",\"separation\":\"%s\",\"separated\":", separated[r->separated]);
  text_quoted(t, r->separated_classes);
  next_member(t, "rows", (double)r->data.rows);
  next_member(t, "parameters", (double)r->problem.n);
  next_member(t, "l2", r->model.penalty.l2);
  next_member(t, "l1", r->model.penalty.l1);
  next_member(t, "objective", o->objective);
  next_member(t, "gradient_norm", o->gradient_norm);
  next_member(t, "iterations", (double)o->iterations);
  next_member(t, "values", (double)o->values);
  next_member(t, "gradients", (double)o->gradients);
  next_member(t, "hessians", (double)o->hessians);
  next_member(t, "hessian_products", (double)o->products);
  next_member(t, "mini_batches", (double)o->batches);
  next_member(t, "seconds", o->seconds);
  text_add(t, "}");
}

static void json_calibration(text *t, const class_metrics *c)
{
  text_add(t, ",\"calibration\":[");
  for (size_t b = 0; b < CALIBRATION_BINS; b++) {
    const calibration_bin *bin = &c->calibration[b];
    text_add(t, b > 0 ? ",{" : "{");
    member(t, "weight", bin->weight);
    next_member(t, "mean_probability", bin->mean_probability);
    next_member(t, "frequency", bin->frequency);
    text_add(t, "}");
  }
  text_add(t, "]");
}

void json_judged(text *t, const char *which, const judged *j, const trained *m)
{
  (void)m;
  text_quoted(t, which);
  text_add(t, ":{");
  member(t, "rows", (double)j->rows);
  if (!j->is_class) {
    next_member(t, "r_squared", j->values.r_squared);
    next_member(t, "mean_absolute_error", j->values.mean_absolute);
    next_member(t, "root_mean_square_error", j->values.root_mean_square);
  } else {
    const class_metrics *c = &j->classes;
    next_member(t, "accuracy", c->accuracy);
    next_member(t, "log_loss", c->log_loss);
    if (c->classes == 2) next_member(t, "auc", c->auc);
    array(t, "confusion", c->confusion, c->classes * c->classes);
    array(t, "precision", c->precision, c->classes);
    array(t, "recall", c->recall, c->classes);
    array(t, "f1", c->f1, c->classes);
    if (c->classes == 2) json_calibration(t, c);
  }
  text_add(t, "}");
}

static void json_inference(text *t, const coefficient_row *c)
{
  next_member(t, "std_error", c->error);
  next_member(t, "statistic", c->statistic);
  next_member(t, "p_value", c->p_value);
  next_member(t, "low", c->low);
  next_member(t, "high", c->high);
}

void json_coefficients(text *t, const training *r)
{
  text_add(t, "\"coefficients\":[");
  const size_t n = r->model.shape.kind == MODEL_NET ? 0 : r->problem.n;
  for (size_t i = 0; i < n; i++) {
    char room[FEATURE_NAME_ROOM];
    const char *class_name, *name = coefficient_name(&r->model, i, room, &class_name);
    text_add(t, i > 0 ? ",{\"name\":" : "{\"name\":");
    text_quoted(t, name);
    if (class_name != NULL) text_add(t, ",\"class\":");
    if (class_name != NULL) text_quoted(t, class_name);
    next_member(t, "estimate", r->model.theta[i]);
    if (r->inference.row != NULL) json_inference(t, &r->inference.row[i]);
    text_add(t, "}");
  }
  text_add(t, "]");
  if (r->no_errors.text[0] == '\0') return;
  text_add(t, ",\"no_standard_errors\":");
  text_quoted(t, r->no_errors.text);
}
