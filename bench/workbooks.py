"""Seconds and memory of reading one workbook: the studio, calamine, pandas and openpyxl on the same file.

Each measurement is a process of its own; the studio's includes the process that it reads workbooks in.
``--rows`` is how many rows the workbook has (1,048,575 fill a sheet); ``--long`` leaves openpyxl out.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import zipfile
from itertools import islice
from pathlib import Path
from xml.sax.saxutils import escape

from bench.command import describe_machine, run_program
from bench.importing import LABELS, MEGABYTE, sentences

MEASURES = {
    "studio": "from studio.data.readers import read_table; rows = len(read_table(path).frame)",
    "calamine": (
        "import python_calamine; rows = len("
        "python_calamine.CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()) - 1"
    ),
    "pandas, calamine": (
        "import pandas as pd; rows = len(pd.read_excel(path, engine='calamine', dtype=str, na_filter=False))"
    ),
    "pandas, openpyxl": (
        "import pandas as pd; rows = len(pd.read_excel(path, engine='openpyxl', dtype=str, na_filter=False))"
    ),
    "openpyxl, read only": (
        "import openpyxl; sheet = openpyxl.load_workbook(path, read_only=True).active; "
        "rows = sum(1 for row in sheet.iter_rows(values_only=True)) - 1"
    ),
}
PROGRAM = """
import json, resource, sys, time
path = sys.argv[1]
started = time.monotonic()
{body}
seconds = time.monotonic() - started
peaks = [resource.getrusage(who).ru_maxrss * 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print(json.dumps({{"rows": rows, "seconds": seconds, "peaks": peaks}}))
"""
POOL = 10_000
NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
DOCUMENT = "application/vnd.openxmlformats-officedocument.spreadsheetml"
PARTS = {
    "[Content_Types].xml": (
        f'<Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{DOCUMENT}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{DOCUMENT}.worksheet+xml"/></Types>'
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" '
        f'Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/workbook.xml": (
        f'<workbook xmlns="{NAMESPACE}" xmlns:r="{RELATIONS}"><sheets>'
        '<sheet name="Data" sheetId="1" r:id="r1"/></sheets></workbook>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" '
        f'Type="{RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>'
    ),
}


def write_workbook(path: Path, rows: int) -> None:
    """A workbook of texts of about 150 characters, labels and numbers, its texts written in the cells."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, text in PARTS.items():
            archive.writestr(name, text)
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            sheet.write(f'<worksheet xmlns="{NAMESPACE}"><sheetData>'.encode())
            sheet.write(row_of(1, "text", "label", "number").encode())
            pool = list(islice(sentences(0), POOL))
            for number in range(rows):
                text = f"{number} {pool[number % POOL]}"
                label = LABELS[number % len(LABELS)]
                sheet.write(row_of(number + 2, text, label, number).encode())
            sheet.write(b"</sheetData></worksheet>")


def row_of(number: int, *cells: str | int) -> str:
    """One row of a sheet."""
    written = "".join(
        f'<c r="{column}{number}"><v>{cell}</v></c>'
        if isinstance(cell, int)
        else f'<c r="{column}{number}" t="inlineStr"><is><t>{escape(cell)}</t></is></c>'
        for column, cell in zip("ABC", cells, strict=True)
    )
    return f'<row r="{number}">{written}</row>'


def main() -> int:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--long", action="store_true")
    options = parser.parse_args()
    print(f"Machine: {describe_machine()}")
    with tempfile.TemporaryDirectory(prefix="studio-workbooks-") as folder:
        path = Path(folder) / "bench.xlsx"
        write_workbook(path, options.rows)
        print(f"{options.rows:,} rows, 3 columns, {path.stat().st_size / MEGABYTE:.0f} MB")
        print(f"{'what':20} {'seconds':>8} {'peak MB':>8} {'child MB':>8}")
        for name, body in MEASURES.items():
            if options.long and "openpyxl" in name:
                continue
            found = run_program(PROGRAM.format(body=body), path)
            if found["rows"] != options.rows:
                raise SystemExit(f"{name} read {found['rows']} of {options.rows} rows.")
            own, child = (peak / MEGABYTE for peak in found["peaks"])  # type: ignore[attr-defined]
            print(f"{name:20} {found['seconds']:>8.2f} {own:>8.0f} {child:>8.0f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
