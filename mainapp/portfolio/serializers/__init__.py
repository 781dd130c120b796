"""Import and export of portfolios as CSV and XLSX."""
