"""Portfolios as files: CSV and XLSX, read as tables of cells and written."""
