"""Recall@50 and NDCG@50 of ALS in `implicit` on a by-user split, seed by seed: what our als() is held against.

usage: python als_implicit.py DATA/amazon-beauty-2014 [--factors 64] [--alpha 40] [--regularization .01] [--iterations 15] [--seeds 1,2,3] [--threads 1] [--keep FOLDER]
needs: pip install implicit scipy numpy
Test users are folded in by their history, the last 20 of the first four fifths of their items, history a candidate or filtered
out; targets are the set of the rest. Prints one JSON object for each seed. `--keep` writes what the last seed began with, users then items
(`begin.f32`), and the item vectors that it came to (`items.f32`), for `tools/parity.ts --begin FOLDER`.
"""
import argparse, csv, gzip, json
import numpy as np, scipy.sparse as sp
from implicit.als import AlternatingLeastSquares
from implicit.utils import check_random_state

p = argparse.ArgumentParser()
p.add_argument('data')
for name, default in dict(factors=64, alpha=40.0, regularization=0.01, iterations=15, seeds='1,2,3', threads=1, history=20, k=50, keep='').items():
    p.add_argument('--' + name, type=type(default), default=default)
a = p.parse_args()
parts = dict(train=[], validation=[], test=[])
number = {}
with gzip.open(a.data + '/interactions.csv.gz', 'rt') as file:
    for r in csv.DictReader(file): number.setdefault(r['item'], len(number))
with gzip.open(a.data + '/by-user-1230.csv.gz', 'rt') as file:
    for r in csv.DictReader(file): parts[r['part']].append([number[i] for i in r['items'].split()])

def matrix(lists):
    rows = np.repeat(np.arange(len(lists)), [len(l) for l in lists])
    m = sp.csr_matrix((np.ones(len(rows), np.float32), (rows, np.concatenate(lists))), (len(lists), len(number)))
    m.data[:] = 1
    return m

train = matrix(parts['train'])
cut = [int(.8 * len(l)) for l in parts['test']]
history = [l[:c][-a.history:] for l, c in zip(parts['test'], cut)]
targets = [set(l[c:]) for l, c in zip(parts['test'], cut)]
queries = matrix(history)
gains = 1 / np.log2(np.arange(2, a.k + 2))

def quality(found):
    hits = [np.isin(f, list(t)) for f, t in zip(found, targets)]
    recall = np.mean([h.sum() / len(t) for h, t in zip(hits, targets)])
    ndcg = np.mean([(h * gains[:len(h)]).sum() / gains[:min(len(t), a.k)].sum() for h, t in zip(hits, targets)])
    return round(float(recall), 4), round(float(ndcg), 4)

for seed in map(int, a.seeds.split(',')):
    model = AlternatingLeastSquares(factors=a.factors, alpha=a.alpha, regularization=a.regularization, iterations=a.iterations,
                                    random_state=seed, num_threads=a.threads)
    drawn = check_random_state(seed)
    begin = [drawn.random((rows, a.factors), dtype=np.float32) * .01 for rows in train.shape]
    model.user_factors, model.item_factors = (vectors.copy() for vectors in begin)
    model.fit(train, show_progress=False)
    if a.keep:
        np.concatenate([vectors.ravel() for vectors in begin]).tofile(a.keep + '/begin.f32')
        model.item_factors.tofile(a.keep + '/items.f32')
    said = dict(seed=seed, test_users=len(targets))
    for name, keep in (('unfiltered', False), ('filtered', True)):
        ids, _ = model.recommend(np.arange(len(targets)), queries, N=a.k, filter_already_liked_items=keep, recalculate_user=True)
        said[name] = quality(ids)
    print(json.dumps(said), flush=True)
