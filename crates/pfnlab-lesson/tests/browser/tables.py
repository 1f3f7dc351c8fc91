"""Reads a table of a trace's operations as Parquet, as pandas and pyarrow do, and as CSV: they must be the same.

python tables.py PFNLAB TRACE
"""

import io
import subprocess
import sys

import pandas

pfnlab, trace = sys.argv[1:]


def exported(form):
    command = [pfnlab, "export", trace, "--to", form, "-o", "-"]
    return io.BytesIO(subprocess.run(command, check=True, capture_output=True).stdout)


parquet = pandas.read_parquet(exported("parquet"), engine="pyarrow")
# Of some operations nothing comes: an empty text, as CSV has it, not a value that is missing.
text = pandas.read_csv(exported("csv"), keep_default_na=False)
pandas.testing.assert_frame_equal(parquet, text, check_dtype=False)
print(f"a table: {len(parquet)} rows of {len(parquet.columns)} columns are the same as Parquet and as CSV")
