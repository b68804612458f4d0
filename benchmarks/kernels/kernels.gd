# The kernels that are measured one by one. They work in the precision of what they are given.

fn chain(x, y) = sqrt(abs(x * y + x)) * 0.5 - y / (1.0 + x * x)

fn apply_exp(x) = exp(x)
fn apply_log(x) = log(x)
fn apply_log1p(x) = log1p(x)
fn apply_tanh(x) = tanh(x)
fn apply_sigmoid(x) = sigmoid(x)
fn apply_sin(x) = sin(x)
fn apply_cos(x) = cos(x)
fn apply_erf(x) = erf(x)
fn apply_pow(x, y) = x^y
fn apply_lgamma(x) = lgamma(x)

fn sum_all(x) = sum(x)
fn max_all(x) = max(x)
fn sum_rows(x) = sum(x, axis=1)
fn sum_columns(x) = sum(x, axis=0)
fn normalize(x) = softmax(x)
fn log_sum_exp(x) = logsumexp(x, axis=1)

fn gemv(a, x) = a @ x
fn gemv_transposed(a, x) = a.T @ x
fn gemm(a, b) = a @ b
fn gemm_transposed_a(a, b) = a.T @ b
fn gemm_transposed_b(a, b) = a @ b.T

fn gather(x, places) = x[places]
fn scatter(x, places, n) = segment_sum(x, places, n)
