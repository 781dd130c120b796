"""CSV and XLSX files as sheets of cells, read and written in bounded child processes."""
