"""FAISS' own inverted file (faiss-cpu, from Python) on our tables: recall, microseconds and processor time per query.

    python tools/peers/faiss_ivf.py EMBEDDINGS.arrow INTERESTS.arrow [--k 50] [--lists 64] [--probes 1,2,4,8,16]
                                    [--threads 1] [--singles 1000] [--rounds 3]

Every vector of the interests table is one query, searched alone (from a NumPy array to NumPy arrays) and in batches of
1,000. Prints one JSON object per setting, on one line. Needs faiss-cpu, numpy and pyarrow.
"""
import argparse
import json
import statistics
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


def timed(run, times):
    """Medians over a few rounds of wall-clock and processor time, microseconds per query."""
    wall, processor = [], []
    for _ in range(options.rounds):
        start, start_processor = time.perf_counter(), time.process_time()
        run()
        processor.append((time.process_time() - start_processor) / times * 1e6)
        wall.append((time.perf_counter() - start) / times * 1e6)
    return round(statistics.median(wall), 1), round(statistics.median(processor), 1)


def report(name, index, exact):
    found = index.search(queries, options.k)[1]
    hits = [len(numpy.intersect1d(mine, truth)) for mine, truth in zip(found, exact)]
    singles = queries[: options.singles]

    def alone():
        for query in singles:
            index.search(query[None], options.k)

    def together():
        for start in range(0, len(queries), 1000):
            index.search(queries[start : start + 1000], options.k)

    single, single_processor = timed(alone, len(singles))
    batch, batch_processor = timed(together, len(queries))
    line = dict(peer=f"faiss {faiss.__version__}", index=name, items=items.shape[0], dim=items.shape[1])
    line.update(recall=round(sum(hits) / (len(queries) * options.k), 4))
    line.update(single_us=single, single_cpu_us=single_processor, batch_us=batch, batch_cpu_us=batch_processor)
    print(json.dumps(line), flush=True)


parser = argparse.ArgumentParser()
parser.add_argument("embeddings")
parser.add_argument("interests")
parser.add_argument("--k", type=int, default=50)
parser.add_argument("--lists", type=int, default=64)
parser.add_argument("--probes", default="1,2,4,8,16")
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--singles", type=int, default=1000)
parser.add_argument("--rounds", type=int, default=3)
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
    inverted.nprobe = probes
    report(f"IVF{options.lists},Flat, {probes} probes", inverted, truth)
