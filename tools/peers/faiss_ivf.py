"""FAISS' own inverted file (faiss-cpu, from Python) on our tables: recall, and microseconds per query.

    python tools/peers/faiss_ivf.py EMBEDDINGS.arrow INTERESTS.arrow [--k 50] [--lists 64] [--probes 1,2,4,8,16]
                                    [--threads 1] [--singles 2000] [--rounds 5]

Every vector of the interests table is one query, searched alone (from a NumPy array to NumPy arrays) and in batches of
1,000. Prints one JSON object per setting, on one line. Needs faiss-cpu, numpy and pyarrow.
"""
import argparse
import json
import time

import faiss
import numpy
import pyarrow


def vectors_of(path):
    """The float32 matrix of the column "vector", lists of vectors flattened."""
    with pyarrow.memory_map(path) as source:
        column = pyarrow.ipc.open_file(source).read_all()["vector"].combine_chunks()
    while not pyarrow.types.is_fixed_size_list(column.type):
        column = column.flatten()
    width = column.type.list_size
    return numpy.ascontiguousarray(column.flatten().to_numpy().reshape(-1, width), dtype=numpy.float32)


def alone():
    """Wall-clock time of a query by itself, microseconds: the lower decile, which nobody disturbed."""
    times = []
    for query in queries[: options.singles]:
        start = time.perf_counter()
        inverted.search(query[None], options.k)
        times.append((time.perf_counter() - start) * 1e6)
    return round(sorted(times)[len(times) // 10], 1)


def together():
    """Processor time of a query in a batch of 1,000, microseconds: the least of the rounds."""
    times = []
    for _ in range(options.rounds):
        start = time.process_time()
        inverted.search(queries[:1000], options.k)
        times.append((time.process_time() - start) * 1e3)
    return round(min(times), 1)


def report(probes, exact):
    inverted.nprobe = probes
    found = inverted.search(queries, options.k)[1]
    hits = [len(numpy.intersect1d(mine, truth)) for mine, truth in zip(found, exact)]
    name = f"IVF{options.lists},Flat, {probes} probes"
    line = dict(peer=f"faiss {faiss.__version__}", index=name, items=items.shape[0], dim=items.shape[1])
    line.update(recall=round(sum(hits) / (len(queries) * options.k), 4), single_us=alone(), batch_us=together())
    print(json.dumps(line), flush=True)


parser = argparse.ArgumentParser()
parser.add_argument("embeddings")
parser.add_argument("interests")
parser.add_argument("--k", type=int, default=50)
parser.add_argument("--lists", type=int, default=64)
parser.add_argument("--probes", default="1,2,4,8,16")
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--singles", type=int, default=2000)
parser.add_argument("--rounds", type=int, default=5)
options = parser.parse_args()
faiss.omp_set_num_threads(options.threads)

items, queries = vectors_of(options.embeddings), vectors_of(options.interests)
flat = faiss.IndexFlatIP(items.shape[1])
flat.add(items)
truth = flat.search(queries, options.k)[1]
inverted = faiss.IndexIVFFlat(faiss.IndexFlatIP(items.shape[1]), items.shape[1], options.lists, faiss.METRIC_INNER_PRODUCT)
started = time.process_time()
inverted.train(items)
inverted.add(items)
print(json.dumps(dict(peer=f"faiss {faiss.__version__}", build_cpu_s=round(time.process_time() - started, 2))), flush=True)
for probes in map(int, options.probes.split(",")):
    report(probes, truth)
