"""Test statistics of fixed samples, by SciPy and statsmodels, for the tests of @sparc/eval.

python -m pip install scipy statsmodels
python tools/peers/significance_reference.py > packages/eval/src/significance/significance-reference.fixture.json
"""

import json

import numpy as np
import scipy
import statsmodels
from scipy import stats
from statsmodels.stats.multitest import multipletests

random = np.random.default_rng(1230)
pairs = []
for size, shift in [(2, 0.1), (5, 0.3), (30, 0.0), (30, 0.2), (400, 0.02), (400, 0.1)]:
    a = np.round(random.beta(0.4, 2, size), 6)
    b = np.round(np.clip(a + random.normal(-shift, 0.3, size), 0, 1), 6)
    test = stats.ttest_rel(a, b)
    interval = test.confidence_interval(0.95)
    boot = stats.bootstrap(
        (a - b,), np.mean, n_resamples=200_000, method="percentile", confidence_level=0.95, random_state=1
    ).confidence_interval
    difference = a - b
    pairs.append(
        {
            "a": a.tolist(),
            "b": b.tolist(),
            "t": test.statistic,
            "p": test.pvalue,
            "low": interval.low,
            "high": interval.high,
            "effect": difference.mean() / difference.std(ddof=1),
            "bootstrapLow": boot.low,
            "bootstrapHigh": boot.high,
        }
    )

student = [
    {"t": t, "freedom": freedom, "p": 2 * stats.t.sf(t, freedom)}
    for t in [0.0, 1e-6, 0.1, 1.0, 1.96, 3.0, 8.0, 40.0]
    for freedom in [1, 1.5, 2, 5, 30, 1000, 1e6]
]
quantiles = [
    {"confidence": confidence, "freedom": freedom, "t": stats.t.ppf(0.5 + confidence / 2, freedom)}
    for confidence in [0.5, 0.9, 0.95, 0.99]
    for freedom in [1, 2.5, 10, 100, 1e6]
]
ps = [[0.01, 0.04, 0.03], [0.5], [0.2, 0.2, 0.9, 0.001], np.round(random.uniform(size=12) ** 3, 6).tolist()]
holm = [{"ps": p, "adjusted": multipletests(p, method="holm")[1].tolist()} for p in ps]

print(
    json.dumps(
        {
            "how": "tools/peers/significance_reference.py",
            "versions": {"scipy": scipy.__version__, "statsmodels": statsmodels.__version__},
            "pairs": pairs,
            "student": student,
            "quantiles": quantiles,
            "holm": holm,
        }
    )
)
