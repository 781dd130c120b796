"""Export of portfolios as CSV and XLSX."""
