"""Training measured against other libraries: the same data, threads and machine, every fit in its own process.

`libraries.py` lists who takes part, `peers/` holds one file per library, run inside that library's own environment;
`measure.py` starts those processes, one file per command asks it for readings, `record.py` writes them down and
`report.py` turns what was written into BENCHMARKS.md. Start with `python -m benchmarks.training --help`.
"""
