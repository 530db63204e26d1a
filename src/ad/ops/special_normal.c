/* The error function and the normal distribution: densities, Phi, log Phi and gelu = x Phi(x).
 *
 * exp(-c x^2) takes x^2 as a pair, since its error is magnified by x^2. The tail of Phi is the density times Mills' ratio
 * R(t) = (1 - Phi(t)) / phi(t), which neither under- nor overflows; the derivative of log Phi is 1 / R, its second
 * derivative -D / R with D = 1 / R - t, both for x < 0.
 *
 * The polynomials for R and D, and the Taylor coefficients of gelu' at its zero, were computed here: interpolation at the
 * Chebyshev nodes of each interval in 60 digits. Mills' ratio: Abramowitz & Stegun 26.2; gelu: Hendrycks, Gimpel 2016. */
#include <stdbool.h>

#include "special_parts.h"

/* exp(-c x^2), c = 1 or 1/2, with x^2 in two parts. */
static double gaussian(double x, double c)
{
  if (fabs(x) > 40.0) return 0.0;
  const pair p = two_product(x, x);
  return exp_of_pair((pair){-c * p.hi, -c * p.lo});
}

/* factor exp(-c x^2) where that alone may be subnormal. */
static bool is_deep(double x, double c) { return -c * x * x < DEEP; }
static double gaussian_times(double x, double c, double factor)
{
  if (fabs(x) > 40.0) return factor * 0.0;
  const pair p = two_product(x, x);
  return exp_times((pair){-c * p.hi, -c * p.lo}, factor);
}
static const double two_over_root_pi = 0x1.20dd750429b6dp+0, one_over_root_two_pi = 0x1.9884533d43651p-2;

double tg_erf1_(double x) { return two_over_root_pi * gaussian(x, 1.0); }
double tg_erf2_(double x)
{
  if (isinf(x)) return 0.0;
  return is_deep(x, 1.0) ? gaussian_times(x, 1.0, -2.0 * x * two_over_root_pi) : -2.0 * (x * tg_erf1_(x));
}
double tg_norm_pdf_(double x) { return one_over_root_two_pi * gaussian(x, 0.5); }
double tg_norm_pdf1_(double x)
{
  if (isinf(x)) return 0.0;
  return is_deep(x, 0.5) ? gaussian_times(x, 0.5, -x * one_over_root_two_pi) : -x * tg_norm_pdf_(x);
}

/* Mills' ratio R(t) = (1 - Phi(t)) / phi(t), t >= 0: in t - 1 on [0, 2], in (t - 3.5) / 1.5 on [2, 5], and t R(t)
 * in 50 / t^2 - 1 beyond. */
static const double mills_a[] = {
    6.556795424187984609e-1, -3.443204575812015264e-1,  1.556795424188005903e-1,  -6.288030505413475921e-2,
    2.319980934109617349e-2, -7.936099142580248537e-3,  2.543951700654676165e-3,  -7.7030677771881067e-4,
    2.217056094907005693e-4, -6.095568358530601072e-5,  1.607501457079489016e-5,  -4.080067009138798083e-6,
    9.995289252094007433e-7, -2.369510754238530255e-7,  5.454033237751262128e-8,  -1.217886132295478939e-8,
    2.58760191493808907e-9,  -5.492166667994827087e-10, 1.415064529655809104e-10, -2.833968363219247356e-11,
};
static const double mills_b[] = {
    2.665677689682237521e-1,  -1.005192129168252738e-1,  3.602580618258638685e-2,  -1.234424886809476413e-2,
    4.062689338297007434e-3,  -1.289088185388492179e-3,  3.955563400762276094e-4,  -1.176825192317684782e-4,
    3.402106459858649104e-5,  -9.575006559679568937e-6,  2.627871578723788164e-6,  -7.04319879189160489e-7,
    1.845620843668586442e-7,  -4.735207351717365269e-8,  1.193840468739652037e-8,  -2.943362955706148613e-9,
    6.843792934492304959e-10, -1.632097511566431719e-10, 5.145608176694181303e-11, -1.174396161110996583e-11,
};
static const double mills_c[] = {
    9.810943073153879145e-1,  -1.790483654239181821e-2,  9.179256290405045504e-4,  -7.385041436921101703e-5,
    7.868495007699015093e-6,  -1.023626490306267781e-6,  1.550854734640439803e-7,  -2.653710259318213298e-8,
    5.020023695052344964e-9,  -1.033535177888336468e-9,  2.287785567982659984e-10, -5.396786998311244929e-11,
    1.357885252273557247e-11, -3.569161236054343996e-12, 8.673870508878562378e-13, -2.429425416504003129e-13,
    1.313385016900950522e-13, -4.15074439737880968e-14,
};
/* D(t) = 1 / R(t) - t on the same intervals, and t D(t) beyond. */
static const double excess_a[] = {
    5.251352761609812086e-1,   -1.990976655703487915e-1, 5.846559770302451431e-2,   -1.319583061345760747e-2,
    2.032461686278997954e-3,   -7.11980027551663488e-5,  -7.763908068459325375e-5,  2.996567268155242815e-5,
    -5.906391877504135007e-6,  3.172538415203856281e-7,  2.359504204471159423e-7,   -1.015753162260036876e-7,
    2.162920778683741173e-8,   -1.523701305424036192e-9, -7.632974306279611919e-10, 3.63225968496856802e-10,
    -8.510144200062449975e-11, 7.214771971776300757e-12, 3.901126323448229076e-12,  -1.39696078127726265e-12,
};
static const double excess_b[] = {
    2.51391264857699731e-1,   -8.539950742694520671e-2,  2.643843068375467266e-2,   -7.489448408814209715e-3,
    1.936258073457093596e-3,  -4.516714790143030852e-4,  9.242872705935759357e-5,   -1.541035582932291442e-5,
    1.553638312856495755e-6,  1.895656115532984803e-7,   -1.686817456926667909e-7,  6.15943854844190308e-8,
    -1.676183129021245771e-8, 3.635248636982571013e-9,   -5.832188520459953219e-10, 3.791253485322946715e-11,
    1.666939270531306467e-11, -1.012060551966966307e-11, 4.184222023068730785e-12,  -9.339374351428338887e-13,
};
static const double excess_c[] = {
    9.635002743184075355e-1,  -3.342338442521537795e-2,  2.714992645369819197e-3,  -3.094079366859071376e-4,
    4.331744879833411043e-5,  -7.022261594798958817e-6,  1.275357758563284141e-6,  -2.540946481977472655e-7,
    5.473061499696536833e-8,  -1.260811826479686819e-8,  3.079091773535199401e-9,  -7.925752094367380857e-10,
    2.165100064166663185e-10, -6.111143292575276745e-11, 1.524339011888247336e-11, -4.5116762361451075e-12,
    2.810867108720229235e-12, -9.338447879331339733e-13,
};
static const double mills_far = 5.0;

/* t R(t) and t D(t) for t >= mills_far; both 1 at infinity. */
static double scaled_mills(double t) { return polynomial(mills_c, COUNT(mills_c), 50.0 / t / t - 1.0); }
static double scaled_excess(double t) { return polynomial(excess_c, COUNT(excess_c), 50.0 / t / t - 1.0); }

static double mills(double t)
{
  if (t < 2.0) return polynomial(mills_a, COUNT(mills_a), t - 1.0);
  if (t < mills_far) return polynomial(mills_b, COUNT(mills_b), (t - 3.5) / 1.5);
  return scaled_mills(t) / t;
}

static double excess(double t)
{
  if (t < 2.0) return polynomial(excess_a, COUNT(excess_a), t - 1.0);
  return polynomial(excess_b, COUNT(excess_b), (t - 3.5) / 1.5);
}

double tg_norm_cdf_(double x)
{
  if (fabs(x) <= 0.5) return 0.5 + 0.5 * erf(0x1.6a09e667f3bcdp-1 * x);
  const double tail = tg_norm_pdf_(x) * mills(fabs(x));
  return x < 0.0 ? tail : 1.0 - tail;
}

double tg_log_norm_cdf_(double x)
{
  if (x >= 0.0) return log1p(-tg_norm_pdf_(x) * mills(x));
  if (x > -1.0) return log(tg_norm_cdf_(x));
  return log(0x1.9884533d43651p-2 * mills(-x)) - 0.5 * x * x;
}

double tg_log_norm_cdf1_(double x)
{
  if (x < 0.0) return 1.0 / mills(-x);
  const double density = tg_norm_pdf_(x);
  return density / (1.0 - density * mills(x));
}

double tg_log_norm_cdf2_(double x)
{
  if (x > 0.0 && is_deep(x, 0.5)) return tg_norm_pdf1_(x);
  if (x <= -mills_far) return -scaled_excess(-x) / scaled_mills(-x);
  if (x < 0.0) return -excess(-x) / mills(-x);
  const double d = tg_log_norm_cdf1_(x);
  return d == 0.0 ? 0.0 : -d * (x + d);
}

double tg_gelu_(double x)
{
  if (x == -INFINITY) return -0.0;
  if (x < 0.0 && is_deep(x, 0.5)) return gaussian_times(x, 0.5, -one_over_root_two_pi * scaled_mills(-x));
  return x * tg_norm_cdf_(x);
}

/* Phi(x) + x phi(x); around its zero by its Taylor series there. */
double tg_gelu1_(double x)
{
  static const pair zero = {-0x1.80ead197f00b4p-1, 0x1.13e74c58cada8p-56};
  static const double taylor[] = {
      0.4314939923140469198,    0.3882849829905519979,     -0.0181996763986710871,
      -0.1140082332972217086,   -0.01477152214824433772,   0.01942167983818906589,
      0.004539228379125415574,  -0.002239538068073497151,  -0.0007448268386746816243,
      0.0001863397462323351328, 0.00008615947861116571628, -0.00001121438018842664138,
      -7.748461307003719125e-6, 4.328450625739227547e-7,   5.702764979242107237e-7,
      -1.604426549424642759e-9, -3.545986646178386648e-8,  -1.396942086426202066e-9,
  };
  const double t = (x - zero.hi) - zero.lo;
  if (fabs(t) < 0.375) return t * polynomial(taylor, COUNT(taylor), t);
  if (!(fabs(x) < 40.0)) return tg_heaviside_(x);
  if (x < 0.0 && is_deep(x, 0.5)) return gaussian_times(x, 0.5, one_over_root_two_pi * (mills(-x) + x));
  return x < 0.0 ? tg_norm_pdf_(x) * (mills(-x) + x) : tg_norm_cdf_(x) + x * tg_norm_pdf_(x);
}

/* phi(x) (2 - x^2) */
double tg_gelu2_(double x)
{
  static const pair root = {0x1.6a09e667f3bcdp+0, -0x1.bdd3413b26456p-54};
  const double a = fabs(x);
  if (a > 40.0) return 0.0;
  const double factor = ((root.hi - a) + root.lo) * (root.hi + a);
  return is_deep(x, 0.5) ? gaussian_times(x, 0.5, one_over_root_two_pi * factor) : tg_norm_pdf_(x) * factor;
}
