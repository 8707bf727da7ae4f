"""Writes the Arrow files that packages/tables/src/interop.test.ts reads: the same table by pyarrow, DuckDB and Polars.

usage: python tools/peers/arrow_fixtures.py packages/tables/fixtures
needs: pip install pyarrow duckdb polars numpy
"""
import sys
from pathlib import Path
import duckdb, polars as pl, pyarrow as pa

out = Path(sys.argv[1])
rows = dict(user=['ann', 'bob', 'cät', 'a name too long to be kept inline in a view'], history=[[1, 2, 3], [], [4], [5, 6]],
            targets=[[7], [8, 9], [10], [11]])
ms = pa.array([1_000, None, 3_000, 4_000], pa.timestamp('ms'))

def write(name, table, chunk=None):
    with pa.OSFile(str(out / name), 'wb') as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=chunk)

plain = pa.table(dict(user=pa.array(rows['user']), history=pa.array(rows['history'], pa.list_(pa.int32())),
                      targets=pa.array(rows['targets'], pa.list_(pa.int32())), timestamp=ms))
write('pyarrow.arrow', plain)
write('pyarrow-chunks.arrow', plain, 1)
write('pyarrow-slice.arrow', pa.concat_tables([plain, plain]).combine_chunks().slice(4, 4), 3)
with pa.OSFile(str(out / 'pyarrow-stream.arrow'), 'wb') as sink, pa.ipc.new_stream(sink, plain.schema) as writer:
    writer.write_table(plain, max_chunksize=3)
write('pyarrow-large.arrow', pa.table(dict(
    user=pa.array(rows['user'], pa.large_string()), history=pa.array(rows['history'], pa.large_list(pa.int64())),
    targets=pa.array(rows['targets'], pa.large_list(pa.uint16())), timestamp=ms.cast(pa.timestamp('ns')))))
write('pyarrow-dictionary-view.arrow', pa.table(dict(
    user=pa.array(rows['user'], pa.string_view()), history=plain['history'], targets=plain['targets'], timestamp=ms.cast(pa.timestamp('s')))))
write('pyarrow-dictionary.arrow', plain.set_column(0, 'user', plain['user'].dictionary_encode()))
con = duckdb.connect()
con.register('plain', plain)
write('duckdb.arrow', con.execute('select "user", history, targets, "timestamp" from plain').to_arrow_table())
frame = pl.DataFrame(dict(user=rows['user'], history=pl.Series(rows['history'], dtype=pl.List(pl.Int32)),
                          targets=pl.Series(rows['targets'], dtype=pl.List(pl.Int32)), timestamp=pl.from_arrow(ms)))
frame.write_ipc(out / 'polars.arrow', compression='uncompressed')
frame.write_ipc(out / 'polars-compatible.arrow', compression='uncompressed', compat_level=pl.CompatLevel.oldest())
frame.write_ipc(out / 'polars-zstd.arrow', compression='zstd')
