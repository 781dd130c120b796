import io
import resource
import time
import zipfile

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from mainapp.core.models import Usage
from mainapp.portfolio.imports.sheets import MAX_CELL, UnreadableFile
from mainapp.portfolio.readers import files
from mainapp.portfolio.readers.files import read_sheets, write_xlsx

HEADER = ["Ativo", "Quantidade", "Preço médio"]


def packed(parts):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        for name, text in parts.items():
            package.writestr(name, text)
    return file.getvalue()


def sheet_with(part, text):
    """Return a valid sheet in which one part was replaced."""
    book = openpyxl.Workbook()
    book.active.append(HEADER)
    file = io.BytesIO()
    book.save(file)
    with zipfile.ZipFile(file) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    return packed(parts | {part: text})


MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def sheet_of_styles():
    """Return 16 KB of XLSX, which took 51 s and 1.1 GiB in the web process."""
    cells = "<xf/>" * 1_800_000
    return sheet_with(
        "xl/styles.xml", f"<styleSheet {MAIN}><cellXfs>{cells}</cellXfs></styleSheet>"
    )


def sheet_of_one_long_text():
    """Return a sheet in which 40,000 cells share one text of 30,000 characters."""
    text = f"<si><t>{'x' * 30_000}</t></si>"
    row = "<row>" + '<c t="s"><v>0</v></c>' * 40 + "</row>"
    data = sheet_with(
        "xl/worksheets/sheet1.xml",
        f"<worksheet {MAIN}><sheetData>{row * 1000}</sheetData></worksheet>",
    )
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    return packed(parts | {"xl/sharedStrings.xml": f"<sst {MAIN}>{text}</sst>"})


HOSTILE = {
    "styles": sheet_of_styles,
    "one long text": sheet_of_one_long_text,
    "two megabytes of semicolons": lambda: b";" * 2_000_000,
    "two megabytes of quotes": lambda: b'"' * 2_000_000,
    "two megabytes of line ends": lambda: b"\n" * 2_000_000,
}


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE)
def test_no_file_costs_this_process_much(make):
    data = make()
    assert len(data) <= 2 * 1024 * 1024
    started, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    try:
        sheets = read_sheets(data)
    except UnreadableFile:
        sheets = []

    assert time.process_time() - started < 0.3
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024
    assert all(len(cell) <= MAX_CELL for sheet in sheets for row in sheet.rows for cell in row)


def test_real_children_read_what_they_wrote():
    data = write_xlsx("Carteira", HEADER, [["PETR4", 100, "38.42"]])

    assert [sheet.rows for sheet in read_sheets(data)] == [[HEADER, ["PETR4", 100, "38.42"]]]
    assert [sheet.rows for sheet in read_sheets(b"Ativo;Quantidade\nPETR4\n\n")] == [
        [["Ativo", "Quantidade"], ["PETR4"]]
    ]


@pytest.mark.django_db
def test_unreadable_file_counts_towards_the_daily_limit(client, alice, settings, monkeypatch):
    settings.IMPORTS_A_DAY = 2
    client.force_login(alice)
    reads = []
    monkeypatch.setattr(
        files.bounded_child, "run", lambda *args, **_: reads.append(args) or {"error": "broken"}
    )

    for _ in range(4):
        file = SimpleUploadedFile("a.csv", b"x")
        page = client.post("/import-carteira/", {"arquivo": file}).content.decode()

    assert len(reads) == 2
    assert Usage.objects.get(user=alice).count == 2
    assert "Tente em" in page


@pytest.mark.django_db
def test_export_waits_for_a_free_child(client, alice, monkeypatch):
    client.force_login(alice)
    monkeypatch.setattr(files.bounded_child, "run", lambda *_args, **_: {"error": "busy"})

    answer = client.get("/export-carteira/?formato=xlsx", follow=True)

    assert "Muitos arquivos chegaram ao mesmo tempo" in answer.content.decode()
