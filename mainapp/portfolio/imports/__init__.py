"""Import of a portfolio from the sheets of a file, as pure functions.

A file becomes holdings in these steps, each a module:

    sheets    cells, as `portfolio.readers` return them
    tables    the tables of a sheet: a header, which may span rows, and the rows below it
    titles    roles of columns by their titles
    sources   files of B3 and others, recognised by their titles
    roles     the columns by their roles, doubts about them, and the user's choices
    columns   the search for these columns by titles and values
    numbers   decimal separators of columns; an ambiguous column is a question to the user
    rows      rows as lots (a symbol, a quantity and a price) or as faults with their reasons
    reading   these steps for every table of a file
    merging   lots of one stock as one holding, in today's symbol
    naming    names of stocks anywhere in the file, in rows read or not
    outcome   the holdings of a whole file, and the rows that are not imported

`portfolio.selectors.imports` puts them together with the catalogue and the user's portfolio.
"""
