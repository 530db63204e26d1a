/* finite_sum: the mean of a loss over samples, C(theta) = 1/N sum_i C_i(theta; sample_i) (Liquet, Moka,
 * Nazarathy (4.4)), from the loss of one sample.
 *
 *   var loss(const var *theta, size_t d, const var *sample, size_t columns, void *user)
 *   {
 *     var margin = dot(theta, sample, columns - 1);
 *     return softplus(mul(neg(sample[columns - 1]), margin));     // label -1 or 1 in the last column
 *   }
 *   ...
 *   tg_data data = tg_dense(values, rows, p);
 *   data.label = labels;
 *   s = tg_finite_sum_new(&sum, loss, p, data, NULL);
 *   s = tg_finite_sum_gradient(sum, theta, NULL, 0, &value, gradient);
 *
 * examples/likelihood.c is a whole program. tg_finite_sum_objective (optim.h) hands a sum to the optimizers.
 *
 * How it works. The loss is recorded once, compiled, and evaluated for a block of samples at a time in vector
 * registers:
 *   - Arithmetic, sums and products of any length, logsumexp, cross_entropy, pick and most elementary operations
 *     have vector forms. The others are marked in the table of operations (examples/manual/operations.md) and are
 *     taken sample by sample within the block.
 *   - A loss goes the plain way, sample by sample and many times slower, when it asks for bare values (tg_primal),
 *     or when the samples of one call take more than eight ways through its comparisons. tg_finite_sum_statistics
 *     tells (fallbacks).
 *
 * What you can rely on, for one build and one instruction set (TG_ISA, status.h):
 *   - Results have the same bits for any number of threads.
 *   - The value has the same bits alone and with derivatives.
 *   - Results do not depend on what was evaluated before.
 *   - The value and gradient of a sample (tg_finite_sum_per_sample) have the same bits wherever it stands among the
 *     others.
 *   - Where all is finite, two pairs agree to rounding: the gradient of a sample with that of a mini-batch of it
 *     alone, and a column of the Hessian with the product with that direction.
 *   - Values of operations that the C library has are within 2 ulp of its values, and equal at special values. A
 *     product that is added to a sum may be fused with the addition.
 *
 * What the loss may read:
 *   - What it reads behind `user` is captured when it is recorded. It must stay valid and unchanged until
 *     tg_finite_sum_forget, except what is read through tg_live (var.h).
 *   - Columns of sparse rows may enter dot and affine only, or plain loops that amount to them. Anything else is
 *     answered with TG_E_DATA, whichever way the loss is evaluated. A label beside them is dense and may be used at
 *     will.
 *   - Rows and labels need not be finite. A NaN or infinity shows in the value of its sample, and so in the mean. In
 *     derivatives a product with an exact zero is zero (rule R5, operations.h), so an entry on which the loss of its
 *     sample does not depend, by where for instance, does no harm.
 *
 * Blocks are evaluated in the default floating-point environment of C: rounding to nearest, with subnormals, without
 * traps. Yours is back afterwards, with the exception flags it had. So a host that traps invalid operations is not
 * stopped by what a branch computes for samples that do not take it. Whether a result is finite is seen in the result.
 *
 * Memory: the rows, copied unless borrowed, and what an output takes. Rows that are not borrowed are kept a second
 * time, in the order of the blocks, once they have been swept a dozen times, if that takes no more than 64 MB.
 * Otherwise memory does not grow with their number. Once warm, no call allocates.
 *
 * A sum is used by one thread at a time. */
#ifndef TAPEGRAD_FINITE_SUM_H
#define TAPEGRAD_FINITE_SUM_H

#include <stdio.h>

#include "var.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tg_finite_sum tg_finite_sum;

/* The loss of one sample: theta[0..d), sample[0..columns), the label, if data has one, in the last column. */
typedef tg_var (*tg_loss_fn)(const tg_var *theta, size_t d, const tg_var *sample, size_t columns, void *user);

/* Samples as rows. Make one with tg_dense or tg_sparse and set what differs. */
typedef struct tg_data {
  size_t rows, columns;    /* of the values, the label not counted: 0 columns beside a label are fine */
  const double *values;    /* dense: row i begins at values + i * stride; sparse: the stored entries */
  size_t stride;           /* dense: numbers from one row to the next; 0 means `columns` */
  const size_t *row_start; /* sparse: rows + 1 offsets into values and column, ascending from 0 */
  const size_t *column;    /* sparse: the column of each entry, ascending within a row */
  const double *label;     /* rows numbers that become one more, last, column; or NULL */
  bool borrow;             /* keep the pointers instead of copying: they must outlive the sum or next bind */
} tg_data;

/* Rows one after the other: row i begins at values + i * columns. Nothing is copied or checked yet. */
TG_API tg_data tg_dense(const double *values, size_t rows, size_t columns);
/* Compressed rows: the entries of row i are values[k] in column[k], k from row_start[i] to row_start[i + 1] - 1. */
TG_API tg_data tg_sparse(const size_t *row_start, const size_t *column, const double *values, size_t rows,
                         size_t columns);

/* Are the rows well formed? Reads offsets and column numbers once. *row is the first sparse row that is not (offsets
 * that descend, columns out of range or not ascending), or SIZE_MAX when the trouble is elsewhere. `row` may be NULL.
 * TG_E_DATA, TG_E_SIZE, TG_E_ARGUMENT (data NULL). */
TG_API tg_status tg_data_check(const tg_data *data, size_t *row);

/* The same in words, cut to `size` characters: "row 17 (the first is row 0): column 305, and there are 300 columns".
 * "success" if nothing is wrong. */
TG_API tg_status tg_data_explain(const tg_data *data, char *text, size_t size);

/* A sum in *s, over `data`, of `loss` with d parameters. The loss is recorded when it is first evaluated; `loss` and
 * `user` must outlive the sum. No rows are fine: the mean is 0.
 *   TG_E_ARGUMENT  s or loss is NULL, or d = 0
 *   TG_E_DATA      NULL arrays, no columns, bad offsets or column numbers
 *   TG_E_SIZE      sizes that cannot be addressed
 *   TG_E_NOMEM     no memory
 * On failure *s is NULL. What is wrong with the data tg_data_explain says:
 *
 *   if (status == TG_E_DATA) tg_data_explain(&data, words, sizeof words), puts(words);
 */
TG_API tg_status tg_finite_sum_new(tg_finite_sum **s, tg_loss_fn loss, size_t d, tg_data data, void *user);

/* Other rows with the same columns, for data that do not fit in memory at once. A mean over all rows is the mean of
 * the chunks' means, weighted by their rows. Copies the rows unless they are borrowed. On failure the old rows stay,
 * and tg_finite_sum_message names the row. Errors as for tg_finite_sum_new. */
TG_API tg_status tg_finite_sum_bind(tg_finite_sum *s, tg_data data);

/* What lies behind `user` has changed: record again at the next use. */
TG_API void tg_finite_sum_forget(tg_finite_sum *s);

/* How many threads share the samples of a call: 1 by default, 0 for one per processor.
 *   - Results have the same bits for any number.
 *   - Threads are started at the next call. Where the system starts fewer, these do the work; statistics tell.
 *   - Between calls they sleep, after less than a tenth of a millisecond of looking for the next one; at once where
 *     there are more of them than processors.
 *   - They take no signals meant for the process. In the child of a fork they are made anew when they are needed.
 *   - Callbacks of a custom operation may run on any of them, and must leave the sum that calls them alone. Your loss
 *     runs on the calling thread only. */
TG_API void tg_finite_sum_threads(tg_finite_sum *s, unsigned threads);

/* With `plain` set the loss is evaluated the plain way, sample by sample: the reference for the fast way, for the same
 * losses. So too when TG_ISA is "scalar" in the environment as the sum is made. */
TG_API void tg_finite_sum_plain(tg_finite_sum *s, bool plain);

/* Print the compiled loss for people to read, a line a step; nothing before the first evaluation.
 *   u  the parameters, and what depends on them alone
 *   x  the columns of the sample
 *   v  vectors with an entry for each sample
 * "sample by sample" marks a step that has no vector form. TG_E_ARGUMENT (NULL), TG_E_CALLBACK when writing fails. */
TG_API tg_status tg_finite_sum_print(const tg_finite_sum *s, FILE *out);

TG_API void tg_finite_sum_free(tg_finite_sum *s); /* NULL is fine */

/* In all of these:
 *   - theta has d entries.
 *   - index[0..count) picks the samples of a mini-batch; repeats count again. With index NULL all samples are taken and
 *     count is ignored. A number >= rows is TG_E_ARGUMENT.
 *   - Any output may be NULL. Outputs are written on success only.
 *   - The mean over no samples is 0.
 *   - Errors are those of functions (function.h), and TG_E_DATA for sparse columns used elsewhere than in dot and
 *     affine. tg_finite_sum_message tells more.
 * Costs are counted in sweeps: a sweep takes each operation of the compiled loss once for each sample. */

/* value = mean of C_i, gradient = mean of its gradients. One sweep for the value, two with the gradient. */
TG_API tg_status tg_finite_sum_gradient(tg_finite_sum *s, const double *theta, const size_t *index,
                                        size_t count, double *value, double *gradient);

/* hv = H v for the d x d Hessian H of the mean. About four sweeps; no H is formed. TG_E_ARGUMENT for v NULL. */
TG_API tg_status tg_finite_sum_hvp(tg_finite_sum *s, const double *theta, const size_t *index, size_t count,
                                   const double *v, double *hv);

/* The d x d Hessian of the mean, row-major, symmetric to the bit.
 *   - Parameters that enter through products with the data (scores W x, dot, affine) are cheap, whatever their number:
 *     a sweep for each score, and the sum of x x' weighted by the curvature of the scores.
 *   - Each of the other parameters takes a sweep of its own.
 *   - At a kink (operations.h) the directions that count are those of single scores. So it is the Hessian where the
 *     loss of a sample is smooth as a function of its scores. */
TG_API tg_status tg_finite_sum_hessian(tg_finite_sum *s, const double *theta, const size_t *index,
                                       size_t count, double *hessian);

/* Of each sample by itself: values[count] (or [rows]), and gradients, count x d (or rows x d). Two sweeps. */
TG_API tg_status tg_finite_sum_per_sample(tg_finite_sum *s, const double *theta, const size_t *index,
                                          size_t count, double *values, double *gradients);

/* Which number that is not finite spoils a mean: the first sample whose value or derivative by theta is NaN or
 * infinite, and in it the operation that made it from finite operands. */
typedef struct tg_nonfinite {
  size_t row;      /* of the data, SIZE_MAX: all samples are finite */
  size_t position; /* of the sample in index, or the row */
  bool derivative; /* the value is finite and a partial of `op` is not, as of sqrt at 0 */
  const char *op;  /* its name; "input": a number of theta or the row; NULL: it is not known */
  size_t input;    /* then: below d the parameter, else d + the column (the label last); SIZE_MAX */
  char text[160];  /* all this in words: "row 17 (the first is row 0): log(-0.5) is nan" */
} tg_nonfinite;

/* Fills *found. Samples go the plain way, one by one until one is found: for use after a mean came out not finite. Of
 * several operations that are not finite the one on the way to the result is told, not one in a branch that tg_where
 * did not take. */
TG_API tg_status tg_finite_sum_nonfinite(tg_finite_sum *s, const double *theta, const size_t *index,
                                         size_t count, tg_nonfinite *found);

/* The size of theta, and the number of rows bound; 0 for NULL. */
TG_API size_t tg_finite_sum_parameters(const tg_finite_sum *s);
TG_API size_t tg_finite_sum_rows(const tg_finite_sum *s);

/* What a sum has cost so far. */
typedef struct tg_finite_sum_stats {
  size_t nodes, bytes;  /* of the recorded loss of one sample */
  size_t recordings;    /* calls of the loss function */
  size_t rerecordings;  /* those made because a comparison had another outcome */
  bool point_dependent; /* tg_primal was used: every sample records */
  size_t lanes;         /* samples evaluated at a time; 0: one, the plain way */
  size_t variants;      /* ways through the loss's branches that have been compiled */
  size_t steps;         /* of the first of them */
  size_t fallbacks;     /* calls that had to take the plain way */
  size_t zero_rule;     /* how often samples or blocks of them needed rule R5 (operations.h) */
  size_t threads;       /* that there are for the next call: fewer than asked for if some could not start */
} tg_finite_sum_stats;

TG_API tg_status tg_finite_sum_statistics(const tg_finite_sum *s, tg_finite_sum_stats *stats);

/* The last failure in words; "success" if the last call succeeded. Owned by s, and valid until its next call. */
TG_API const char *tg_finite_sum_message(const tg_finite_sum *s);

#ifdef __cplusplus
}
#endif
#endif
