"""Import of a portfolio from the sheets of a file, as pure functions.

A file becomes holdings in these steps, each a module:

    sheets    cells, as `portfolio.readers` return them
    tables    the tables of a sheet: a header, which may span rows, and the rows below it
    titles    roles of columns by their titles
    sources   files of B3 and others, known by their titles
    columns   roles of columns by their titles, their values and what the user says
    numbers   how a column writes its numbers; an ambiguous column is a question to the user
    rows      rows as lots (a symbol, a quantity and a price) or as faults with their reasons
    reading   these steps for every table of a file
    merging   lots of one stock as one holding, in today's symbol
    naming    what the file names, read or not
    outcome   the holdings of a whole file, and what is left out

`portfolio.selectors.imports` puts them together with the catalogue and the user's portfolio.
"""
