"""The kernels of kernels/kernels.gd over any module with NumPy's names (`xp`) and special functions (`special`)."""


def functions(xp, special):
    def softmax(x):
        weights = xp.exp(x - x.max(axis=1, keepdims=True))
        return weights / weights.sum(axis=1, keepdims=True)

    def log_sum_exp(x):
        top = x.max(axis=1, keepdims=True)
        return top[:, 0] + xp.log(xp.exp(x - top).sum(axis=1))

    return {
        "chain": lambda x, y: xp.sqrt(xp.abs(x * y + x)) * 0.5 - y / (1 + x * x),
        "apply_exp": lambda x: xp.exp(x),
        "apply_log": lambda x: xp.log(x),
        "apply_log1p": lambda x: xp.log1p(x),
        "apply_tanh": lambda x: xp.tanh(x),
        "apply_sigmoid": lambda x: 1 / (1 + xp.exp(-x)),
        "apply_sin": lambda x: xp.sin(x),
        "apply_cos": lambda x: xp.cos(x),
        "apply_erf": lambda x: special.erf(x),
        "apply_lgamma": lambda x: special.gammaln(x),
        "apply_pow": lambda x, y: x**y,
        "sum_all": lambda x: x.sum(),
        "max_all": lambda x: x.max(),
        "sum_rows": lambda x: x.sum(axis=1),
        "sum_columns": lambda x: x.sum(axis=0),
        "normalize": softmax,
        "log_sum_exp": log_sum_exp,
        "gemv": lambda a, x: a @ x,
        "gemv_transposed": lambda a, x: a.T @ x,
        "gemm": lambda a, b: a @ b,
        "gemm_transposed_a": lambda a, b: a.T @ b,
        "gemm_transposed_b": lambda a, b: a @ b.T,
        "gather": lambda x, places: x[places],
    }
