/* Figure 4.4: early stopping. A network of five layers learns 1000 of the digits by Adam with batches of 10;
 * its error rate on 500 others is measured after each epoch, and the parameters of the best one are kept. */
#include "chapter.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include <tapegrad/overload.h>

enum { LAYERS = 5, PIXELS = 64, WIDEST = 200, CLASSES = 10, TRAINING = 1000, VALIDATION = 500 };
static const size_t width[LAYERS + 1] = {PIXELS, WIDEST, 100, 60, 30, CLASSES};

/* The logits z of an image. theta: for each layer the matrix row by row, then the bias. */
static void network(const var *theta, const var *image, var *z)
{
  var activation[LAYERS - 1][WIDEST];
  const var *in = image;
  for (size_t l = 0; l < LAYERS; l++) {
    const size_t rows = width[l + 1], columns = width[l];
    var *const out = l == LAYERS - 1 ? z : &activation[l][0];
    affine(theta, theta + rows * columns, in, rows, columns, out);
    if (l < LAYERS - 1)
      for (size_t i = 0; i < rows; i++) out[i] = relu(out[i]);
    theta += rows * (columns + 1);
    in = out;
  }
}

static var loss(const var *theta, size_t d, const var *sample, size_t columns, void *user)
{
  (void)d, (void)columns, (void)user;
  var z[CLASSES];
  network(theta, sample, z);
  return cross_entropy(z, CLASSES, sample[PIXELS]);
}

static var wrong(const var *theta, size_t d, const var *sample, size_t columns, void *user)
{
  (void)d, (void)columns, (void)user;
  var z[CLASSES];
  network(theta, sample, z);
  return sub(1, equal(argmax(z, CLASSES), sample[PIXELS]));
}

/* Glorot's uniform start, sqrt(6 / (rows + columns)) [-1, 1]; biases 0. Answers the number of parameters. */
static size_t start(double *theta)
{
  uint64_t state = 1;
  size_t d = 0;
  for (size_t l = 0; l < LAYERS; l++) {
    const size_t rows = width[l + 1], columns = width[l];
    const double bound = (sqrt)(6.0 / (double)(rows + columns));
    for (size_t i = 0; i < rows * columns; i++) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      theta[d++] = bound * ((double)(state >> 11) * 0x1p-52 - 1.0);
    }
    for (size_t i = 0; i < rows; i++) theta[d++] = 0.0;
  }
  return d;
}

/* The first rows of the digits: 64 pixels and the label. */
static void read_digits(double (*row)[PIXELS], double *label, size_t rows)
{
  FILE *const in = fopen(CHAPTER_DIGITS, "r");
  bool good = in != NULL;
  while (good && getc(in) != '\n') good = !feof(in); /* the header */
  for (size_t i = 0; i < rows && good; i++) {
    for (size_t j = 0; j < PIXELS && good; j++) good = fscanf(in, "%lf,", &row[i][j]) == 1;
    good = good && fscanf(in, "%lf", &label[i]) == 1;
  }
  if (in) fclose(in);
  if (good) return;
  fprintf(stderr, "cannot read %s\n", CHAPTER_DIGITS);
  exit(EXIT_FAILURE);
}

typedef struct curves {
  FILE *out;
  tg_finite_sum *training;
} curves;

static int write_epoch(const tg_report *now, void *user)
{
  curves *const c = user;
  double training_loss;
  const tg_status s = tg_finite_sum_gradient(c->training, now->theta, NULL, 0, &training_loss, NULL);
  fprintf(c->out, "%zu %.9g %.9g\n", now->epoch, now->validation, training_loss);
  fflush(c->out); /* the whole run takes a while: let it be watched */
  return (int)s;
}

void figure_4_4(size_t epochs)
{
  static double row[TRAINING + VALIDATION][PIXELS], label[TRAINING + VALIDATION];
  static double theta[WIDEST * 300];
  read_digits(row, label, TRAINING + VALIDATION);
  const size_t d = start(theta);

  tg_data data = tg_dense(&row[0][0], TRAINING, PIXELS);
  tg_data others = tg_dense(&row[TRAINING][0], VALIDATION, PIXELS);
  data.label = label;
  others.label = label + TRAINING;
  tg_finite_sum *training, *validation;
  must(tg_finite_sum_new(&training, loss, d, data, NULL), "training");
  must(tg_finite_sum_new(&validation, wrong, d, others, NULL), "validation");

  curves c = {open_data("4.4-curves.dat", "epoch validation-error-rate training-loss"), training};
  const tg_objective error_rate = tg_finite_sum_objective(validation);
  tg_fit_options o = tg_fit_defaults();
  o.epochs = epochs;
  o.batch = 10;
  o.validation = &error_rate;
  o.watch = write_epoch;
  o.user = &c;
  tg_report r;
  must(tg_fit(tg_finite_sum_objective(training), tg_adam(1e-4), theta, &o, &r), "fit");
  close_data(c.out);

  FILE *const best = open_data("4.4-best.dat", "epoch validation-error-rate of the parameters kept");
  fprintf(best, "%zu %.9g\n", r.best_epoch, r.best_validation);
  close_data(best);
  printf("  %zu parameters; early stopping at epoch %zu, validation error rate %.4f\n", d, r.best_epoch,
         r.best_validation);
  tg_finite_sum_free(training);
  tg_finite_sum_free(validation);
}
