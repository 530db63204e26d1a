// Tapegrad from C++: one template is evaluated on numbers and recorded on vars; operators and the names of
// <cmath> work on both.
#include <cmath>
#include <cstdio>
#include <memory>
#include <vector>

#include <tapegrad/tapegrad.h>

#include <tapegrad/overload.h>

namespace
{

struct Observation {
  double time, decay;
};

// How far the model theta_0 exp(-theta_1 time) is from the observations; an outlier counts linearly.
template <class T> T misfit(const T *theta, const std::vector<Observation> &data)
{
  using std::exp;
  T total = 0.0 * theta[0];
  for (const Observation &o : data) total += huber(theta[0] * exp(-theta[1] * o.time) - o.decay, 0.5);
  return total;
}

var recorded(const var *theta, std::size_t, void *user)
{
  return misfit(theta, *static_cast<const std::vector<Observation> *>(user));
}

struct Free {
  void operator()(tg_function *f) const { tg_function_free(f); }
};

} // namespace

int main()
{
  std::vector<Observation> data = {{0, 2.1}, {1, 1.1}, {2, 0.62}, {3, 0.29}, {4, 1.9}, {5, 0.07}};
  double theta[] = {1.0, 1.0};

  tg_function *f = nullptr;
  tg_status status = tg_record(&f, recorded, 2, theta, &data);
  const std::unique_ptr<tg_function, Free> owner(f);
  tg_report report = {};
  if (status == TG_OK) status = tg_minimize(tg_function_objective(f), tg_lbfgs(), theta, nullptr, &report);
  double hessian[4];
  if (status == TG_OK) status = tg_hessian(f, theta, nullptr, nullptr, hessian);
  if (status != TG_OK) {
    std::fprintf(stderr, "%s\n", tg_status_string(status));
    return 1;
  }
  std::printf("decay = %.4f exp(-%.4f time), despite the outlier at time 4\n", theta[0], theta[1]);
  std::printf("misfit %.6f, on numbers %.6f\n", report.value, misfit(theta, data));
  std::printf("curvature %8.4f %8.4f\n          %8.4f %8.4f\n", hessian[0], hessian[1], hessian[2],
              hessian[3]);
  return 0;
}
