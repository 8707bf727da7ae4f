"""Metrics of fixed random lists, by ranx and by pytrec_eval, for the tests of @sparc/eval.

python -m pip install ranx pytrec_eval-terrier
python tools/peers/metrics_reference.py > packages/eval/src/metrics/metrics-reference.fixture.json
"""

import json
import random
from importlib.metadata import version

import pytrec_eval
from ranx import Qrels, Run, evaluate

KS = [1, 5, 10, 50]
ITEMS = 80

random.seed(1230)
cases = []
for _ in range(60):
    items = random.sample(range(ITEMS), random.choice([0, 1, 5, 20, 60]))
    targets = random.sample(range(ITEMS), random.choice([1, 2, 4, 12]))
    if items and random.random() < 0.5:  # else almost nothing would be hit
        targets = list(dict.fromkeys(random.sample(items, 1) + targets))
    cases.append({"items": items, "targets": targets})

# Both want at least one document for each query: one that is relevant to nobody.
qrels = {str(u): {f"i{t}": 1 for t in case["targets"]} for u, case in enumerate(cases)}
run = {
    str(u): {f"i{item}": float(100 - rank) for rank, item in enumerate(case["items"])} or {"nothing": 1.0}
    for u, case in enumerate(cases)
}

ranx_names = {"recall": "recall", "ndcg": "ndcg", "hitRate": "hit_rate", "precision": "precision", "mrr": "mrr", "map": "map"}
by_ranx = {}
for ours, theirs in ranx_names.items():
    for k in KS:
        scored = Run(run)
        evaluate(Qrels(qrels), scored, f"{theirs}@{k}")
        by_ranx[f"{ours}@{k}"] = [float(scored.scores[f"{theirs}@{k}"][str(u)]) for u in range(len(cases))]

trec_names = {"recall": "recall", "ndcg": "ndcg_cut", "precision": "P", "map": "map_cut", "hitRate": "success"}
measures = {f"{name}.{','.join(map(str, KS))}" for name in trec_names.values()}
scored = pytrec_eval.RelevanceEvaluator(qrels, measures).evaluate(run)
by_trec = {
    f"{ours}@{k}": [scored[str(u)][f"{theirs}_{k}"] for u in range(len(cases))]
    for ours, theirs in trec_names.items()
    for k in KS
}

print(
    json.dumps(
        {
            "how": "tools/peers/metrics_reference.py",
            "versions": {"ranx": version("ranx"), "pytrec_eval-terrier": version("pytrec_eval-terrier")},
            "itemCount": ITEMS,
            "cases": cases,
            "ranx": by_ranx,
            "trec": by_trec,
        }
    )
)
